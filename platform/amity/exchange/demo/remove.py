"""Take the demo organisation away again, in one step."""

from __future__ import annotations

from itertools import groupby

from amity.access.accounts import Accounts
from amity.access.context import Context
from amity.definitions.service import DefinitionService
from amity.entities.model import Model
from amity.errors import Conflict, NotFound
from amity.exchange.demo import sign_ins
from amity.records.batches import chunks
from amity.records.causes import created_by
from amity.records.service import Records
from amity.records.shapes import MAX_BULK

CAUSE = "demo"


def remove(
    records: Records, definitions: DefinitionService[Model], accounts: Accounts, context: Context
) -> int:
    """Put every record that the demo made into the bin and shut its accounts; gives the number of records.

    The last active admin keeps the account: somebody must be able to go on.
    """
    removed = 0
    for entity_id, made in groupby(created_by(records.machine, CAUSE), key=lambda target: target[0]):
        entity = definitions.model.by_id.get(entity_id)
        if entity is None:
            continue
        for some in chunks([(record, None) for _, record in made], MAX_BULK):
            # What is not there went before, by somebody or with another record; what others need stays.
            result = records.delete_many(context, entity.name, some)
            removed += len(result.ids) + result.along
    for person in sign_ins.people():
        try:
            accounts.deactivate(accounts.by_email(person.email).id, by=context.actor)
        except (NotFound, Conflict):
            continue
    return removed
