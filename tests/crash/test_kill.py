"""A syncing process that is killed with SIGKILL, ten times, loses nothing and doubles nothing."""

import pytest
from tests.crash.company import Company

KILLS = 10


@pytest.mark.timeout(600)
def test_ten_kills_leave_everything_in_agreement(tmp_path):
    company = Company(tmp_path / "company", seed=7)
    for _ in range(KILLS):
        company.kill_a_sync()

    assert company.faults_at_rest() == []
