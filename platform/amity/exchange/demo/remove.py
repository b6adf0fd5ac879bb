"""Take the demo organisation away again, in one step."""

from __future__ import annotations

from amity.access.accounts import Accounts
from amity.access.context import Context
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import Conflict, NotFound
from amity.exchange.demo import sign_ins
from amity.records.causes import created_by
from amity.records.service import Records

CAUSE = "demo"


def remove(
    records: Records, definitions: DefinitionService[Model], accounts: Accounts, context: Context
) -> int:
    """Put every record that the demo made into the bin and shut its accounts; gives the number of records.

    The last active admin keeps the account: somebody must be able to go on.
    """
    removed = 0
    for entity_id, record_id in created_by(records.machine, CAUSE):
        entity = definitions.model.by_id.get(entity_id)
        if entity is None:
            continue
        try:
            version = records.get(context, entity.name, record_id, fields=()).version
            removed += records.delete(context, entity.name, record_id, version=version).count
        except NotFound:
            continue  # deleted before, by somebody or with another record
    for person in sign_ins.people():
        try:
            accounts.deactivate(accounts.by_email(person.email).id, by=context.actor)
        except (NotFound, Conflict):
            continue
    return removed
