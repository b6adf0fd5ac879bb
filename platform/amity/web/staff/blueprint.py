"""The blueprint on which all staff pages register."""

from __future__ import annotations

from typing import Final

from flask import Blueprint

blueprint: Final = Blueprint("staff", __name__)
