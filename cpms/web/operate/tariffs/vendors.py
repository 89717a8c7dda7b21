"""How vendors' own messages are answered: rules of an organisation, for a model or for all."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from cpms.control import access as control_access
from cpms.web.operate.tariffs.forms import VendorRuleForm
from inventory import access
from monitoring.views.asked import person, refused


@login_required
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Show the rules, and add one."""
    user = person(request)
    able = access.organisations_where(user, "edit_inventory").exists()
    form = VendorRuleForm(user, request.POST or None)
    if request.method == "POST":
        if not able:
            raise refused(request, "edit_inventory", _("You may not change these answers."))
        if form.is_valid():
            form.save()
            messages.success(request, _("Saved: chargers are answered so within seconds."))
            return redirect("vendor-rules")
    rules = control_access.vendor_rules(user).select_related("organisation", "model")
    context = {"rules": rules[:500], "form": form, "able": able}
    return render(request, "web/operate/tariffs/vendors.html", context)


@login_required
@require_POST
def delete(request: HttpRequest, key: int) -> HttpResponse:
    """Delete a rule."""
    rule = get_object_or_404(control_access.vendor_rules(request.user), pk=key)
    if not access.may(request.user, "edit_inventory", rule.organisation_id):
        raise refused(request, "edit_inventory", _("You may not change these answers."))
    rule.delete()
    messages.success(request, _("Deleted."))
    return redirect("vendor-rules")
