"""``python -m customer_sync`` is ``customer-sync``."""

import sys

from customer_sync.cli import main

sys.exit(main())
