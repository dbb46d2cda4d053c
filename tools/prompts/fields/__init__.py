"""All fields of use, the twelve major ones first."""

from fields.banking import BANKING
from fields.cooking import COOKING
from fields.email import EMAIL
from fields.gardening import GARDENING
from fields.health import HEALTH
from fields.household import HOUSEHOLD
from fields.jobs import JOBS
from fields.learning import LEARNING
from fields.leisure import LEISURE
from fields.maths import MATHS
from fields.python import PYTHON
from fields.repair import REPAIR
from fields.shell import SHELL
from fields.tenancy import TENANCY
from fields.travel import TRAVEL
from fields.work import WORK

MAJORS = [COOKING, PYTHON, SHELL, TRAVEL, BANKING, HEALTH, MATHS, EMAIL, REPAIR, GARDENING, TENANCY, JOBS]
MINORS = HOUSEHOLD + LEARNING + LEISURE + WORK
