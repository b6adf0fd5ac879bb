"""What a field held at a moment: which of a record's events, or its present row, is the one that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amity.entities.kinds.base import ValueProblem
from amity.entities.model import Entity, Field
from amity.records.archive import Archive
from amity.records.chronicles import Chronicle
from amity.records.eras import Eras
from amity.records.gaps import Gap, Why
from amity.records.links import Link, links_of
from amity.records.moments import Moment
from amity.records.ownership import OWNER


class Evidence:
    """Answers for the chronicles of one entity; what must be read is read for all of them.

    The first event after the moment tells the old value. Without one, the present row does. Where a
    definition change lies in between, or a link's old target was deleted when it was set anew, the last
    event up to the moment tells.
    """

    def __init__(self, archive: Archive, entity: Entity, chronicles: Mapping[str, Chronicle]) -> None:
        self.archive = archive
        self.entity = entity
        self.codec = archive.codec(entity)
        self._chronicles = chronicles

    def note(self, chronicle: Chronicle, item: Field | None, moment: Moment, why: Why) -> None:
        name = None if item is None else item.name
        moment.missing.add(Gap(self.entity.name, chronicle.id, name, why))

    def system(self, chronicle: Chronicle, name: str, moment: Moment) -> Any:
        """`version`, `updated_at`, `updated_by` or `owner` at a moment."""
        if name == OWNER:
            moved = chronicle.following(OWNER, moment.cut)
            pair = None if moved is None else moved.pair(OWNER)
            return (chronicle.row or {}).get(OWNER) if pair is None else pair[0]
        following = chronicle.event_after(moment.cut)
        if following is None:
            return (chronicle.row or {}).get(name)
        if name == "version":
            return following.version - 1
        if chronicle.event_upto(moment.cut) is None:
            self.archive.earlier(self.entity, self._chronicles.values(), "")
        last = chronicle.event_upto(moment.cut)
        if last is None:
            self.note(chronicle, None, moment, "unlogged")
            return None
        return last.at if name == "updated_at" else last.actor

    def value(self, chronicle: Chronicle, item: Field, moment: Moment) -> Any:
        """The typed value of a field that is not to-many."""
        if item.computed:
            self.note(chronicle, item, moment, "derived")
            return None
        eras = self._eras(item)
        if (
            chronicle.last <= moment.cut and eras is None
        ):  # nothing happened since: most records of most walks
            return (chronicle.row or {}).get(item.name)
        if chronicle.redacted(moment.cut):
            self.note(chronicle, item, moment, "redacted")
            return None
        then = None if eras is None else eras.then(item.id, moment.seq, moment.at)
        following = chronicle.following(item.id, moment.cut)
        if following is not None and (eras is None or eras.of(item.id, following.definition) == then):
            pair = following.pair(item.id)
            if pair is None:
                self.note(chronicle, item, moment, "redacted")
                return None
            if pair[0] is not None or not item.kind.is_relation:
                return self._typed(chronicle, item, pair[0], moment)
            return self._from_before(chronicle, item, moment)
        if following is None and (eras is None or eras.present(item.id) == then):
            return (chronicle.row or {}).get(item.name)
        return self._from_before(chronicle, item, moment)

    def _from_before(self, chronicle: Chronicle, item: Field, moment: Moment) -> Any:
        """What the last event up to the moment says."""
        self.archive.earlier(self.entity, self._chronicles.values(), item.id)
        eras = self._eras(item)
        before = chronicle.preceding(item.id, moment.cut)
        if eras is not None:
            then = eras.then(item.id, moment.seq, moment.at)
            if then.content == 0:
                self.note(chronicle, item, moment, "added")
                return None
            if before is None or eras.of(item.id, before.definition) != then:
                self.note(chronicle, item, moment, "rewritten")
                return None
        if before is None or item.id not in before.changes:
            return None
        pair = before.pair(item.id)
        if pair is None:
            self.note(chronicle, item, moment, "redacted")
            return None
        return self._typed(chronicle, item, pair[1], moment)

    def _typed(self, chronicle: Chronicle, item: Field, value: Any, moment: Moment) -> Any:
        """What an event keeps -> typed, as the field is today."""
        if value is None:
            return None
        eras = self._eras(item)
        if eras is not None:
            then = eras.then(item.id, moment.seq, moment.at)
            if then.content != eras.present(item.id).content:
                self.note(chronicle, item, moment, "converted")
                return None
        told = self.codec.told_value(item, value)
        try:
            return item.kind.parse(item, told)
        except ValueProblem:
            self.note(chronicle, item, moment, "unfit")
            return told if item.choices else None  # a choice that is gone reads as its id, as in rows

    def _eras(self, item: Field) -> Eras | None:
        eras = self.archive.eras(self.entity)
        return eras if eras is not None and eras.changed(item.id) else None

    def links(self, chronicle: Chronicle, item: Field, moment: Moment) -> list[Link]:
        """Where a relation pointed at a moment, targets that were deleted then included."""
        if not item.kind.to_many:
            return links_of(self.codec.model, item, self.value(chronicle, item, moment))
        if chronicle.redacted(moment.cut):
            self.note(chronicle, item, moment, "redacted")
            return []
        eras = self._eras(item)
        if eras is not None and eras.then(item.id, moment.seq, moment.at) != eras.present(item.id):
            added = eras.then(item.id, moment.seq, moment.at).content == 0
            self.note(chronicle, item, moment, "added" if added else "converted")
            return []
        found = {link.target: link for link in chronicle.links[item.name]}
        for entry in reversed(chronicle.touching(item.id)):
            if entry.seq <= moment.cut:
                break
            pair = entry.pair(item.id)
            if pair is None:
                self.note(chronicle, item, moment, "redacted")
                return []
            # An event names the live links only; those to deleted records stay in storage all the time.
            for link in self.told_links(item, pair[1]):
                found.pop(link.target, None)
            found = {**{link.target: link for link in self.told_links(item, pair[0])}, **found}
        return list(found.values())

    def told_links(self, item: Field, value: Any) -> list[Link]:
        return links_of(self.codec.model, item, self.codec.told_value(item, value))

    def doubtful(self, chronicle: Chronicle, item: Field) -> bool:
        """Whether the events alone may not tell where a link pointed (see `_from_before`)."""
        if item.kind.to_many:
            return False
        if self._eras(item) is not None:
            return True
        return any((entry.pair(item.id) or (0,))[0] is None for entry in chronicle.touching(item.id))
