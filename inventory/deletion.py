"""What stands in the way of deleting a row, asked with `EXISTS`: it may be millions of rows."""

from collections.abc import Iterator

from django.db.models import CASCADE, PROTECT, Model, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel


def in_the_way(row: Model) -> list[str]:
    """Return the kinds of rows that protect `row`, or something that would go with it."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    return sorted(set(_protectors(rows)))


def _protectors(rows: QuerySet[Model]) -> Iterator[str]:
    for relation in rows.model._meta.related_objects:
        pointing = _pointing(relation, rows)
        rule = getattr(relation, "on_delete", None)
        if rule is PROTECT and pointing.exists():
            yield str(relation.related_model._meta.verbose_name_plural)
        elif rule is CASCADE:
            yield from _protectors(pointing)


def _pointing(relation: ForeignObjectRel, rows: QuerySet[Model]) -> QuerySet[Model]:
    model = relation.related_model
    assert not isinstance(model, str)
    return model._default_manager.filter(**{f"{relation.field.name}__in": rows.values("pk")})
