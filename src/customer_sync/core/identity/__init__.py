"""Identity: which customer a record belongs to, by exact match keys, by scores, and by stewards' decisions."""

from customer_sync.core.identity.candidates import (
    BLOCK_MAX,
    candidate_keys,
    candidate_pairs,
    implied_pairs,
)
from customer_sync.core.identity.cluster import ASSIGNED, ClusterPolicy, Clusters, Groups, cluster
from customer_sync.core.identity.compare import SCORES, compared
from customer_sync.core.identity.explain import Reason, explained
from customer_sync.core.identity.families import lacks_families
from customer_sync.core.identity.features import FEATURES, Comparable, Features, features
from customer_sync.core.identity.keys import certain, identifies, match_keys
from customer_sync.core.identity.model import Model
from customer_sync.core.identity.profile import (
    PROFILE,
    PROFILE_VERSION,
    Profile,
    each,
    packed,
    profiles,
    unpacked,
)
from customer_sync.core.identity.recognise import Recognised, as_it_is, numbered, recognise
from customer_sync.core.identity.resolve import Resolved, resolve
from customer_sync.core.identity.terms import terms
from customer_sync.core.identity.veto import VETOES, vetoed

__all__ = [
    "ASSIGNED",
    "BLOCK_MAX",
    "FEATURES",
    "PROFILE",
    "PROFILE_VERSION",
    "SCORES",
    "VETOES",
    "ClusterPolicy",
    "Clusters",
    "Comparable",
    "Features",
    "Groups",
    "Model",
    "Profile",
    "Reason",
    "Recognised",
    "Resolved",
    "as_it_is",
    "candidate_keys",
    "candidate_pairs",
    "certain",
    "cluster",
    "compared",
    "each",
    "explained",
    "features",
    "identifies",
    "implied_pairs",
    "lacks_families",
    "match_keys",
    "numbered",
    "packed",
    "profiles",
    "recognise",
    "resolve",
    "terms",
    "unpacked",
    "vetoed",
]
