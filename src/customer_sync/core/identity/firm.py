"""Names of organisations: what is the name, and what is its legal form.

Decides which words of a name say only what kind of company it is. Promises an answer to any text.
Must not know which company it is.
"""

import re
from functools import lru_cache

from customer_sync.core.identity.spelling import CACHED, is_junk, plain

__all__ = ["firm_parts", "has_legal_form"]

# Each form with the ways to write it, in plain spelling; the longest way that ends a name counts. Forms of
# one line are one form: of two forms of one name, two companies.
_FORMS = """
gmbhcokg=gmbh co kg|gmbh und co kg|gmbh and co kg|gmbh u co kg|gmbh cokg|gmbhco kg|gmbh co|gmbh and co|gmbh und co
gmbh=gmbh|g m b h|ges m b h|gesmbh|gesellschaft mit beschrankter haftung|mbh|m b h|gmbh i g|ggmbh
ag=ag|a g|aktiengesellschaft
kg=kg|k g|kommanditgesellschaft|co kg
ohg=ohg|o h g|offene handelsgesellschaft
ug=ug haftungsbeschrankt|ug|unternehmergesellschaft
gbr=gbr|g b r
ek=ek|e k|e kfm|e kfr
ev=ev|e v|eingetragener verein|verein
se=se
kgaa=kgaa
inc=inc|incorporated|incorp
llc=llc|l l c|limited liability company
llp=llp|l l p
lp=lp|l p
corp=corp|corporation|corpn
ltd=ltd|limited|private limited|pvt ltd|pty ltd|pte ltd|proprietary limited|co ltd|company limited
plc=plc|p l c|public limited company
co=co|company|and co|and company|cie|compagnie|cia|compania
sa=sa|s a|societe anonyme|sociedad anonima
sas=sas|s a s|sasu|societe par actions simplifiee
sarl=sarl|s a r l|eurl|s a r l u|societe a responsabilite limitee
snc=snc|s n c
sci=sci
spa=spa|s p a|societa per azioni
srl=srl|s r l|srls|societa a responsabilita limitata
sl=sl|s l|slu|s l u|sociedad limitada
lda=lda|ltda|limitada|l d a
bv=bv|b v|besloten vennootschap|bvba|b v b a|srl bv
nv=nv|n v|naamloze vennootschap
vof=vof|v o f
ab=ab|a b|aktiebolag|publ
as=as|a s|aksjeselskap
asa=asa
aps=aps|ap s|anpartsselskab
oy=oy|o y|osakeyhtio
oyj=oyj
spzoo=sp z oo|sp zoo|spzoo|sp z o o|spolka z ograniczona odpowiedzialnoscia|sp z o
spj=sp j|spj|spolka jawna
spk=sp k|spk|sp z oo sp k
sro=sro|s r o|spol s r o|spolecnost s rucenim omezenym
akcs=a s cz|akciova spolecnost
kft=kft|k f t|korlatolt felelossegu tarsasag
zrt=zrt|nyrt|rt
doo=doo|d o o
ood=ood|eood
ooo=ooo|o o o|tov
zao=zao|oao|pao|ao
ae=ae|a e
epe=epe
ike=ike
kk=kk|k k|kabushiki kaisha|kabushikigaisha|zhushihuishe
yk=youxianhuishe
youxian=youxiangongsi
jusik=jusighoesa|jusikhoesa|ju
"""
_FORM_OF = {
    way: form
    for line in _FORMS.strip().splitlines()
    for form, _, ways in [line.partition("=")]
    for way in ways.split("|")
}
_WORDS_MAX = max(len(way.split()) for way in _FORM_OF)
# Forms that are also names or syllables prove nothing about a name alone.
_AMBIGUOUS = frozenset({
    "as", "se", "sa", "co", "ag", "ab", "sl", "kk", "lp", "ek", "ev", "ae", "ju", "ao", "rt", "ike", "k k", "a e",
    "a b", "a s",
    "company", "and co", "and company", "cia", "epe", "spa", "publ", "verein", "s a", "s l", "l p", "e k", "e v",
    "tov",
    "limitada", "sci", "sp z o", "cie", "ug",
})  # fmt: skip
_SAME_WORDS = {
    "und": "and", "et": "and", "y": "and", "e": "and", "en": "and", "og": "and", "och": "and", "i": "and",
    "u": "and", "n": "and",
    "intl": "international", "int": "international", "internat": "international", "mfg": "manufacturing",
    "bros": "brothers",
    "gebr": "gebruder", "gebrueder": "gebruder", "gebroeders": "gebruder", "tech": "technology",
    "technologies": "technology",
    "svc": "service", "svcs": "service", "services": "service", "servs": "service", "assoc": "associates",
    "assocs": "associates",
    "mgmt": "management", "mgt": "management", "ctr": "center", "centre": "center", "dept": "department",
    "dist": "distribution",
    "eng": "engineering", "engr": "engineering", "ind": "industries", "inds": "industries",
    "industrie": "industries", "natl": "national",
    "univ": "university", "solutions": "solution", "sys": "systems", "system": "systems", "systeme": "systems",
    "grp": "group",
    "gruppe": "group", "gruppo": "group", "groupe": "group", "grupo": "group", "hldg": "holding",
    "holdings": "holding",
    "fab": "fabrik", "masch": "maschinenbau", "st": "saint", "sankt": "saint", "log": "logistics",
    "logistik": "logistics",
    "partners": "partner", "consult": "consulting", "dr": "doctor", "elektro": "electro", "ges": "gesellschaft",
}  # fmt: skip
_LEADING = frozenset({"ooo", "zao", "oao", "pao", "tov", "kk", "sc", "ditta"})
_SPACED = re.compile(r"\b(?:[a-z0-9] ){1,5}[a-z0-9]\b")


@lru_cache(CACHED)
def firm_parts(text: str) -> tuple[str, str]:
    """Return the words of an organisation's name without its legal form, and the legal form; empty where none.

    The words are plain, with common abbreviations written out.
    """
    said = plain(text.replace("&", " and ").replace("+", " and "))
    words = said.split()
    form = _form_at_end(words)
    while form:
        words = words[: -len(form.split())]
        found = _form_at_end(words)
        if not found:
            break
        form = f"{found} {form}" if f"{found} {form}" in _FORM_OF else found
    if not form and len(words) > 1 and words[0] in _LEADING:
        form, words = words[0], words[1:]
    if words and words[-1] == "and":
        words = words[:-1]
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    core = _SPACED.sub(lambda letters: letters[0].replace(" ", ""), " ".join(words))
    core = " ".join(_SAME_WORDS.get(word, word) for word in core.split())
    if is_junk(said) and not form:
        return "", ""
    return core or said, _FORM_OF.get(form, "")


def _form_at_end(words: list[str]) -> str:
    """Return the longest way to write a form that ends the words and leaves one at least."""
    for count in range(min(_WORDS_MAX, len(words) - 1), 0, -1):
        way = " ".join(words[-count:])
        if way in _FORM_OF:
            return way
    return ""


@lru_cache(CACHED)
def has_legal_form(text: str) -> bool:
    """Tell whether a name carries a legal form that no person's name ends with."""
    words = plain(text).split()
    way = _form_at_end(words)
    return bool(way) and way not in _AMBIGUOUS
