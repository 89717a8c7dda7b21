"""The way from a page to what the guide says about it."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from cpms.web.help import pages
from cpms.web.operate.forms import FORMS
from cpms.web.templatetags.kilowatch import icon

register = template.Library()


@register.simple_tag(takes_context=True)
def page_help(context: template.Context) -> SafeString | str:
    """Draw the "?" that leads to the guide's page about the one that is shown."""
    request = context.get("request")
    match = getattr(request, "resolver_match", None)
    name = match.url_name if match else None
    asked = match.kwargs.get("name", "") if match and name == "charger-operation" else ""
    form = FORMS.get(asked)
    name = name or ("fleet" if request and request.path == "/" else "")
    address = pages.about(name, form.group if form else "")
    if not address:
        return ""
    return format_html(
        '<a class="kw-page-help" href="{}" title="{}">{}'
        '<span class="visually-hidden">{}</span></a>',
        address,
        _("Help about this page"),
        icon("help-circle"),
        _("Help about this page"),
    )
