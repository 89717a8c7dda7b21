"""Sizes of files, as people say them."""

from django import template

from cpms.web.operate.files import words

register = template.Library()
register.filter("file_size", words.size)
