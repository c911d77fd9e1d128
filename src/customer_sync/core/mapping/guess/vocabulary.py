"""What source fields are called: names of canonical fields in the languages of companies.

Decides which canonical field a field name stands for, and how surely: the whole name says it, the
name without words such as ``customer`` or ``main`` says it, or one word of it does. Promises the
same answer for ``EMailAddress``, ``e_mail_address`` and ``E-Mail Address``. Must not know values.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

__all__ = ["BILLING", "SHIPPING", "Guess", "guesses", "languages_of"]

BILLING: Final = "billing_address"
SHIPPING: Final = "shipping_address"

# Beside canonical fields: `part.X` is a part of an address, `name` a name of whoever it is, `own.X`
# what a system keeps for itself and what has no place among canonical fields.
_NAMES: Final = """
title: title, salutation, anrede, titel, civilité, civilite, tratamiento, titolo, aanhef, tytuł,
    zwrot, título, prefix
given_name: given name, first name, firstname, fname, first, forename, vorname, vname, prénom,
    prenom, nombre, nombre de pila, nome, voornaam, imię, imie, förnamn, fornavn, etunimi, jméno,
    keresztnév, primeiro nome, isim, ad
middle_name: middle name, middlename, mname, zweiter vorname, deuxième prénom, segundo nombre,
    secondo nome, drugie imię
family_name: family name, last name, lastname, lname, last, surname, nachname, nname,
    familienname, zuname, nom de famille, nom famille, nom, apellido, apellidos, cognome,
    achternaam, nazwisko, efternamn, etternavn, efternavn, sukunimi, příjmení, vezetéknév,
    sobrenome, apelido, soyad
name_suffix: name suffix, suffix, namenszusatz, suffixe
organisation: organisation, organization, company, company name, firm, business name, firma,
    firmenname, unternehmen, société, societe, entreprise, raison sociale, empresa, razón social,
    razon social, azienda, ditta, ragione sociale, società, bedrijf, bedrijfsnaam,
    przedsiębiorstwo, nazwa firmy, företag, virksomhed, yritys, společnost, cég, razão social,
    şirket, account name, org, organisation name, organization name
job_title: job title, jobtitle, job, position, role, occupation, beruf, funktion, fonction, poste,
    cargo, puesto, qualifica, functie, stanowisko, befattning, stilling
email: email, e-mail, mail, email address, e-mail address, mail address, emailadresse,
    mailadresse, e-mail-adresse, courriel, adresse mail, adresse e-mail, adresse email, correo,
    correo electrónico, correo electronico, indirizzo email, posta elettronica, e-mailadres,
    mailadres, adres email, adres e-mail, poczta, epost, e-post, sähköposti, eposta, endereço de
    email, email 1, email1, mail 1
emails: emails, e-mails, email addresses, mails, all emails, emailadressen, courriels, correos
phone: phone, phone number, telephone, tel, tel no, tel nr, phone no, fon, telefon, telefonnummer,
    telefonnr, rufnummer, festnetz, téléphone, numéro de téléphone, num tel, teléfono, número de
    teléfono, telefono, numero di telefono, telefoon, telefoonnummer, numer telefonu, nr tel, nr
    telefonu, telefone, puhelin, puhelinnumero, telefonszám, phone 1, phone1, tel 1, tel1,
    landline
phones: phones, phone numbers, telephones, all phones, telefone, telefonnummern, téléphones,
    teléfonos, telefoni
own.mobile: mobile, mobile phone, mobile number, cell, cell phone, cellphone, gsm, mob, handy,
    handynummer, mobil, mobiltelefon, mobilnummer, portable, tél portable, móvil, movil, celular,
    cellulare, mobiel, mobiele telefoon, komórka, komorka, telefon komórkowy, tel kom, telemóvel,
    matkapuhelin, phone 2, phone2, tel 2, tel2, telefon 2
own.email2: email 2, email2, second email, secondary email, other email, alternate email, alt
    email, email alt, mail 2, mail2, zweite email, email privat, private email, email secondaire,
    autre email, email secundario
own.fax: fax, fax number, telefax, faxnummer, fax nr, fax no, télécopie, numéro de fax
website: website, web site, web, url, homepage, home page, webseite, internet, internetseite, site
    web, site internet, página web, pagina web, sito, sito web, sito internet, strona www, strona
    internetowa, www, hemsida, hjemmeside
tax_id: tax id, taxid, tax identifier, tax number, vat, vat id, vat no, vat nr, vat number, vatid,
    vat reg no, ust-id, ustid, ust-idnr, ust id nr, ustidnr, umsatzsteuer-id, uid, uid nr, tva,
    numéro tva, n tva, tva intracom, numéro de tva, nif, cif, nif cif, partita iva, p iva, piva,
    btw, btw nummer, btw nr, nip, nr nip, moms, momsnr, alv, dič, cnpj, gstin, abn, ein
birth_date: birth date, birthdate, date of birth, dob, birthday, geburtsdatum, geburtstag, geb
    datum, gebdat, geb dat, date de naissance, naissance, date naissance, fecha de nacimiento,
    fecha nacimiento, nacimiento, data di nascita, data nascita, nascita, geboortedatum, data
    urodzenia, urodzony, data de nascimento, födelsedatum, fødselsdato
language: language, lang, locale, language code, preferred language, sprache, sprachcode,
    korrespondenzsprache, langue, idioma, lingua, taal, język, jezyk, språk, sprog, kieli, jazyk,
    nyelv, dil
currency: currency, currency code, curr, ccy, währung, waehrung, devise, monnaie, moneda, divisa,
    valuta, waluta, moeda
payment_terms: payment terms, payment term, terms, pay terms, zahlungsbedingung,
    zahlungsbedingungen, zahlungsziel, zahlbed, conditions de paiement, délai de paiement,
    condiciones de pago, forma de pago, termini di pagamento, condizioni di pagamento,
    betalingstermijn, betaalconditie, termin płatności, warunki płatności
credit_limit: credit limit, credit, creditlimit, max credit, kreditlimit, kreditlinie,
    kreditrahmen, limite de crédit, plafond de crédit, encours autorisé, límite de crédito, limite
    credito, límite crédito, fido, limite di credito, kredietlimiet, limit kredytowy, limit
    kredytu, kreditgräns, credit amount
lifecycle_stage: lifecycle stage, lifecycle, stage, customer status, kundenstatus, lebenszyklus,
    statut client, étape, estado del cliente, etapa, stato cliente, klantstatus, status klienta
loyalty.tier: loyalty tier, tier, stufe, loyalty level, loyalty status, bonusstufe, treuestufe,
    kundenstufe, niveau fidélité, niveau de fidélité, nivel de fidelidad, nivel, livello fedeltà,
    livello, klantniveau, poziom lojalności, poziom, membership level, member level
loyalty.points: loyalty points, points, bonus points, bonuspunkte, punkte, treuepunkte, points de
    fidélité, points fidélité, puntos, punti, punti fedeltà, punten, spaarpunten, punkty
consent.email: consent email, email consent, email opt in, newsletter, newsletter opt in, opt in,
    optin, opt in email, accepts marketing, marketing consent, newsletter ja nein, abonné
    newsletter, acepta newsletter, iscritto newsletter, nieuwsbrief, zgoda email, zgoda
    marketingowa, werbeeinwilligung, boletín, subscribed
consent.sms: consent sms, sms consent, sms opt in, opt in sms, zgoda sms
consent.phone: consent phone, phone consent, phone opt in, call consent, telefonwerbung
customer_since: customer since, client since, member since, kunde seit, kundeseit, kunde ab,
    client depuis, cliente desde, cliente dal, klant sinds, klient od, kund sedan, kunde siden
active: active, is active, enabled, is enabled, aktiv, ist aktiv, actif, est actif, activo,
    attivo, actief, aktywny, aktywna, aktiivinen, aktivní, ativo
note: note, notes, comment, comments, remark, remarks, memo, notiz, notizen, bemerkung,
    bemerkungen, anmerkung, kommentar, remarque, remarques, commentaire, nota, notas,
    observaciones, comentarios, osservazioni, opmerking, opmerkingen, uwagi, notatka, anteckning,
    description
kind: kind, customer type, client type, party type, kundenart, kundentyp, type client, tipo
    cliente, tipo de cliente, klanttype, typ klienta, is company
addresses: addresses, adressen, adresses, direcciones, indirizzi
name: name, full name, fullname, display name, customer, customer name, client, client name,
    kunde, kundenname, contact name, contact person, ansprechpartner, party name, nom complet, nom
    client, nom du client, nom et prénom, nombre completo, nombre y apellidos, nombre cliente,
    cliente, nome completo, nome cliente, nominativo, naam, klant, klantnaam, volledige naam,
    nazwa, nazwa klienta, imię i nazwisko, klient, namn, navn, nimi, název, név
part.street: street, street address, address, address 1, address1, address line 1, addressline1,
    addr, addr1, addr 1, street 1, line 1, line1, straße, strasse, str, straße und hausnummer,
    straße nr, anschrift, adresse, adresse 1, rue, calle, dirección, direccion, domicilio, via,
    indirizzo, straat, adres, ulica, adress, gata, gate, vej, katuosoite, ulice, utca, endereço,
    rua, adres 1, straat en huisnummer
part.street2: street 2, street2, address 2, address2, address line 2, addressline2, addr2, addr 2,
    line 2, line2, adresszusatz, zusatz, adresszeile 2, adresse 2, complément, complément
    d'adresse, complement adresse, piso, dirección 2, indirizzo 2, toevoeging, adres 2
own.house_number: house number, house no, houseno, house nr, building number, hausnummer, hausnr,
    haus nr, hnr, numéro de rue, numéro de voie, número de calle, numero civico, civico,
    huisnummer, huisnr, nr domu, numer domu
part.city: city, town, locality, ort, stadt, wohnort, ville, localité, commune, ciudad, población,
    poblacion, localidad, città, citta, comune, località, stad, plaats, woonplaats, miasto,
    miejscowość, stad ort, postort, by, kaupunki, město, város, cidade, şehir
part.postal_code: postal code, postalcode, postcode, post code, zip, zip code, zipcode, plz,
    postleitzahl, code postal, cp, codepostal, código postal, codigo postal, cód postal, cod
    postal, cap, codice postale, kod pocztowy, kod, postnummer, postinumero, psč, irányítószám,
    cep
part.region: state, province, region, county, subdivision, bundesland, land region, kanton,
    département, departement, région, provincia, estado, regione, provincie, województwo,
    wojewodztwo, state code, state province
part.country: country, country code, land, staat, länderkennzeichen, laenderkz, lkz, ländercode,
    pays, code pays, país, pais, paese, nazione, stato, kraj, maa, země, ország, ülke, country
    iso, nation, country name, land code, landcode
own.moment: created, created at, created on, create date, creation date, date created, updated,
    updated at, modified, modified at, last modified, last update, write date, changed at,
    erstellt, erstellt am, angelegt am, geändert am, geaendert, créé le, date de création, modifié
    le, fecha de alta, fecha creación, data creazione, aangemaakt, gewijzigd, data utworzenia,
    timestamp, sync date, last login, created date, deleted at
own.secret: password, passwort, kennwort, mot de passe, contraseña, wachtwoord, hasło, password
    hash, pin, token, api key, secret, iban, bank account, credit card, card number, kreditkarte,
    ssn
own.opposite: blocked, is blocked, locked, gesperrt, inactive, inaktiv, disabled, archived, is
    archived, deleted, is deleted, archiviert, gelöscht, bloqué, bloqueado, bloccato, geblokkeerd,
    zablokowany
own.reference: external id, ext id, crm id, erp id, shop id, sap id, salesforce id, hubspot id,
    stripe id, debitor, debitorennummer, legacy id, remote id, source id
own.key: id, uuid, guid, key, customer id, customer number, customer no, cust no, kundennummer,
    kundennr, kd nr, kdnr, numéro client, code client, número de cliente, codice cliente,
    klantnummer, numer klienta, client id, contact id
"""


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that say whose field it is, and nothing about what it holds.
_QUALIFIERS: Final = _set("""
    customer cust client kunde kunden klant klanten klient cliente contact kontakt contacto
    contatto person partner party account primary main default haupt principal hoofd glowny the
    work business office private privat home geschaeftlich dienstlich of der des du de del della
    di la le el van fld field col column c x txt str1 value preferred debtor debitor user member 1
    contactpersoon to adresse address anschrift addr direccion indirizzo adres eur usd gbp chf pln
    sek nok dkk czk huf jpy
""")
_USES: Final[Mapping[str, frozenset[str]]] = {
    SHIPPING: _set("""
        shipping ship shipto delivery liefer lieferung lieferanschrift versand livraison envio
        entrega spedizione consegna levering bezorg verzend aflever wysylki dostawy leverans
        levering
    """),
    BILLING: _set("""
        billing bill billto invoice rechnungs rechnung facturation facturacion factura
        fatturazione factuur faktury faktura mailing
    """),
}
_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})
_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ø": "o", "æ": "ae", "\u0131": "i", "đ": "d"})
_CAMEL = re.compile(r"(?<=[a-zß-ÿ0-9])(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ])(?=[A-ZÀ-Þ][a-zß-ÿ])")

# German writes "Lieferort" as one word.
_COMPOUND = re.compile(r"^(rechnungs|liefer|versand|kunden|firmen)(?=[a-z]{2})")

# Words that only one language has: they say where a company writes its lists.
_LANGUAGES: Final[Mapping[str, frozenset[str]]] = {
    "DE": _set("""
        vorname nachname strasse plz ort telefon telefonnummer firma land anrede geburtsdatum
        waehrung kundennummer hausnummer
    """),
    "FR": _set("""
        prenom nom ville rue telephone societe pays courriel naissance civilite
    """),
    "ES": _set("""
        nombre apellido apellidos calle ciudad provincia telefono correo empresa pais nacimiento
    """),
    "IT": _set("""
        cognome nome citta cap telefono azienda ditta paese nascita indirizzo
    """),
    "NL": _set("""
        voornaam achternaam straat plaats woonplaats telefoon bedrijf bedrijfsnaam geboortedatum
        huisnummer
    """),
    "PL": _set("""
        imie nazwisko ulica miasto telefon firma kraj urodzenia nazwa kod
    """),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a name may stand for, how surely (0 to 1), and for which of two addresses."""

    meaning: str
    score: float
    use: str | None = None


def guesses(name: str) -> list[Guess]:
    """Return what a field name may stand for, the surest first."""
    words = _words(name)
    use = _use_of(words)
    found = {guess.meaning: guess for guess in reversed(list(_guesses(words, use)))}
    return sorted(found.values(), key=lambda guess: (-guess.score, guess.meaning))


def languages_of(names: list[str]) -> list[str]:
    """Return the countries whose language the names are in, most words first."""
    said = {word for name in names for word in (*_words(name), "".join(_words(name)))}
    counts = {country: len(said & words) for country, words in _LANGUAGES.items()}
    ranked = sorted(counts, key=lambda country: -counts[country])
    return [country for country in ranked if counts[country] >= 2]


def _guesses(words: tuple[str, ...], use: str | None) -> Iterator[Guess]:
    for meaning in _meanings().get("".join(words), ()):
        yield Guess(meaning=meaning, score=0.95, use=use)
    bare = _bare(words)
    if bare and bare != words:
        for meaning in _meanings().get("".join(bare), ()):
            yield Guess(meaning=meaning, score=0.85, use=use)
    for length in range(len(bare) - 1, 0, -1):
        for start in range(len(bare) - length + 1):
            text = "".join(bare[start : start + length])
            for meaning in _meanings().get(text, ()) if len(text) > 3 else ():
                yield Guess(meaning=meaning, score=0.6, use=use)


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    uses = _USES[SHIPPING] | _USES[BILLING]
    left = tuple(word for word in words if word not in _QUALIFIERS and word not in uses)
    is_numbered = len(left) == 1 and left[0].isdigit()
    return words if not left or is_numbered else left


def _use_of(words: tuple[str, ...]) -> str | None:
    for use, said in _USES.items():
        if said & set(words):
            return use
    return None


@cache
def _meanings() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for line in _NAMES.replace("\n    ", " ").strip().splitlines():
        meaning, _, names = line.partition(": ")
        for name in names.split(","):
            for folded in {_folded(name), _folded(name.translate(_GERMAN))}:
                found.setdefault("".join(_split(folded)), {})[meaning] = None
    return {name: tuple(meanings) for name, meanings in found.items()}


def _words(name: str) -> tuple[str, ...]:
    return _split(_folded(_CAMEL.sub(" ", name)))


def _split(folded: str) -> tuple[str, ...]:
    words = re.findall(r"[a-z]+|\d+", folded)
    return tuple(part for word in words for part in _COMPOUND.sub(r"\1 ", word).split()) or (
        folded,
    )


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    return "".join(char for char in letters if not unicodedata.combining(char))
