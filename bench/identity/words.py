"""The words of the invented customers: places, streets, telephones, nicknames, companies, romanisations.

Written by hand; what is listed here is what a person of the country would find ordinary.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random


def _words(text: str, between: str = " ") -> tuple[str, ...]:
    return tuple(text.split(between))


PLACES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "US": (("New York", "100##", "NY"), ("Los Angeles", "900##", "CA"), ("Chicago", "606##", "IL"), ("Houston", "770##", "TX"), ("Phoenix", "850##", "AZ"), ("Philadelphia", "191##", "PA"), ("San Antonio", "782##", "TX"), ("San Diego", "921##", "CA"), ("Dallas", "752##", "TX"), ("Austin", "787##", "TX"), ("Columbus", "432##", "OH"), ("Seattle", "981##", "WA"), ("Denver", "802##", "CO"), ("Boston", "021##", "MA"), ("Portland", "972##", "OR"), ("Springfield", "627##", "IL"), ("Springfield", "658##", "MO"), ("Greenville", "296##", "SC"), ("Franklin", "3706#", "TN"), ("Salem", "973##", "OR"), ("Clayton", "631##", "MO"), ("Fairview", "750##", "TX"), ("Madison", "537##", "WI"), ("Georgetown", "786##", "TX")),
    "GB": (("London", "SW# #@@", ""), ("London", "N## #@@", ""), ("London", "SE## #@@", ""), ("Birmingham", "B## #@@", ""), ("Manchester", "M## #@@", ""), ("Leeds", "LS## #@@", ""), ("Glasgow", "G## #@@", ""), ("Liverpool", "L## #@@", ""), ("Bristol", "BS# #@@", ""), ("Sheffield", "S## #@@", ""), ("Edinburgh", "EH## #@@", ""), ("Cardiff", "CF## #@@", ""), ("Newport", "NP## #@@", ""), ("Reading", "RG# #@@", ""), ("Milton Keynes", "MK# #@@", ""), ("St Albans", "AL# #@@", ""), ("Stoke-on-Trent", "ST# #@@", ""), ("Kingston upon Hull", "HU# #@@", "")),
    "IE": (("Dublin", "D0# @#@#", ""), ("Cork", "T12 @#@#", ""), ("Galway", "H91 @#@#", ""), ("Limerick", "V94 @#@#", ""), ("Waterford", "X91 @#@#", ""), ("Dún Laoghaire", "A96 @#@#", "")),
    "DE": (("Berlin", "10###", ""), ("Berlin", "12###", ""), ("Hamburg", "22###", ""), ("München", "80###", ""), ("Köln", "50###", ""), ("Frankfurt am Main", "60###", ""), ("Stuttgart", "70###", ""), ("Düsseldorf", "40###", ""), ("Leipzig", "04###", ""), ("Nürnberg", "904##", ""), ("Münster", "481##", ""), ("Freiburg im Breisgau", "791##", ""), ("Neustadt an der Weinstraße", "674##", ""), ("Neustadt bei Coburg", "96465", ""), ("Rothenburg ob der Tauber", "91541", ""), ("Mülheim an der Ruhr", "454##", ""), ("Schwäbisch Gmünd", "735##", ""), ("Görlitz", "028##", "")),
    "AT": (("Wien", "1##0", ""), ("Graz", "80##", ""), ("Linz", "40##", ""), ("Salzburg", "50##", ""), ("Innsbruck", "60##", ""), ("Klagenfurt am Wörthersee", "90##", ""), ("Sankt Pölten", "31##", ""), ("Wiener Neustadt", "27##", "")),
    "CH": (("Zürich", "80##", ""), ("Genève", "12##", ""), ("Basel", "40##", ""), ("Bern", "30##", ""), ("Lausanne", "10##", ""), ("Winterthur", "84##", ""), ("Luzern", "60##", ""), ("Lugano", "69##", ""), ("Biel/Bienne", "25##", ""), ("St. Gallen", "90##", "")),
    "FR": (("Paris", "750##", ""), ("Marseille", "130##", ""), ("Lyon", "690##", ""), ("Toulouse", "310##", ""), ("Nice", "060##", ""), ("Nantes", "440##", ""), ("Strasbourg", "670##", ""), ("Bordeaux", "330##", ""), ("Saint-Étienne", "420##", ""), ("Aix-en-Provence", "13100", ""), ("Boulogne-Billancourt", "92100", ""), ("Saint-Denis", "93200", "")),
    "BE": (("Bruxelles", "10##", ""), ("Brussel", "11##", ""), ("Antwerpen", "20##", ""), ("Gent", "90##", ""), ("Liège", "40##", ""), ("Namur", "50##", ""), ("Leuven", "30##", ""), ("Brugge", "80##", "")),
    "NL": (("Amsterdam", "10## @@", ""), ("Rotterdam", "30## @@", ""), ("Den Haag", "25## @@", ""), ("'s-Gravenhage", "25## @@", ""), ("Utrecht", "35## @@", ""), ("Eindhoven", "56## @@", ""), ("Groningen", "97## @@", ""), ("Tilburg", "50## @@", ""), ("'s-Hertogenbosch", "52## @@", "")),
    "ES": (("Madrid", "280##", ""), ("Barcelona", "080##", ""), ("Valencia", "460##", ""), ("Sevilla", "410##", ""), ("Zaragoza", "500##", ""), ("Málaga", "290##", ""), ("Bilbao", "480##", ""), ("A Coruña", "150##", ""), ("Palma", "070##", "")),
    "IT": (("Roma", "001##", "RM"), ("Milano", "201##", "MI"), ("Napoli", "801##", "NA"), ("Torino", "101##", "TO"), ("Palermo", "901##", "PA"), ("Genova", "161##", "GE"), ("Bologna", "401##", "BO"), ("Firenze", "501##", "FI"), ("Forlì", "471##", "FC"), ("Reggio nell'Emilia", "421##", "RE")),
    "PT": (("Lisboa", "1###-###", ""), ("Porto", "4###-###", ""), ("Braga", "47##-###", ""), ("Coimbra", "30##-###", ""), ("Setúbal", "29##-###", ""), ("Vila Nova de Gaia", "44##-###", "")),
    "PL": (("Warszawa", "0#-###", ""), ("Kraków", "3#-###", ""), ("Łódź", "9#-###", ""), ("Wrocław", "5#-###", ""), ("Poznań", "6#-###", ""), ("Gdańsk", "8#-###", ""), ("Bielsko-Biała", "43-3##", "")),
    "SE": (("Stockholm", "11# ##", ""), ("Göteborg", "41# ##", ""), ("Malmö", "21# ##", ""), ("Uppsala", "75# ##", ""), ("Västerås", "72# ##", ""), ("Örebro", "70# ##", "")),
    "GR": (("Αθήνα", "10# ##", ""), ("Θεσσαλονίκη", "54# ##", ""), ("Πάτρα", "26# ##", ""), ("Ηράκλειο", "71# ##", ""), ("Πειραιάς", "18# ##", "")),
    "JP": (("東京都港区", "10#-00##", ""), ("東京都新宿区", "160-00##", ""), ("大阪市北区", "530-00##", ""), ("横浜市中区", "231-00##", ""), ("名古屋市中区", "460-00##", ""), ("札幌市中央区", "060-00##", ""), ("福岡市博多区", "812-00##", "")),
    "RU": (("Москва", "1#####", ""), ("Санкт-Петербург", "19####", ""), ("Казань", "420###", ""), ("Новосибирск", "630###", "")),
    "UA": (("Київ", "0####", ""), ("Львів", "79###", ""), ("Одеса", "65###", ""), ("Харків", "61###", "")),
    "AE": (("Dubai", "", ""), ("Abu Dhabi", "", ""), ("Sharjah", "", "")),
}  # fmt: skip

TELEPHONES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "US": (("+1212~######", "+1310~######", "+1415~######", "+1713~######", "+1773~######", "+1206~######", "+1305~######", "+1404~######", "+1512~######", "+1602~######"),) * 2,
    "GB": (("+4477########", "+4478########", "+4479########"), ("+44207#######", "+44161#######", "+44121#######", "+44131#######")),
    "IE": (("+35385#######", "+35386#######", "+35387#######"), ("+35314######", "+35316######", "+3532142#####")),
    "DE": (("+49151########", "+49170~######", "+49171~######", "+49172~######", "+49176########", "+49160~######"), ("+4930~#######", "+4989~#######", "+4940~#######", "+49221~######", "+49711~######")),
    "AT": (("+43664#######", "+43676#######", "+43699########"), ("+431~######", "+43316~#####", "+43662~#####")),
    "CH": (("+4176~######", "+4178~######", "+4179~######"), ("+4144~######", "+4131~######", "+4122~######", "+4161~######")),
    "FR": (("+336########", "+3374#######", "+3376#######"), ("+3314#######", "+3347#######", "+3349#######", "+3356#######")),
    "BE": (("+3247#######", "+3249#######"), ("+322~######", "+323~######", "+329~######")),
    "NL": (("+316~#######",), ("+3120~######", "+3110~######", "+3170~######", "+3130~######")),
    "ES": (("+346########",), ("+3491~######", "+3493~######", "+3496~######")),
    "IT": (("+39333#######", "+39347#######", "+39328#######", "+39349#######"), ("+3906~#######", "+3902~#######", "+39081~######")),
    "PT": (("+35191#######", "+35193#######", "+35196#######"), ("+35121~######", "+35122~######")),
    "PL": (("+4850#######", "+4860#######", "+4851#######", "+4866#######"), ("+4822~######", "+4812~######")),
    "SE": (("+4670~######", "+4672~######", "+4673~######", "+4676~######"), ("+468~######", "+4631~######")),
    "GR": (("+30694#######", "+30697#######", "+30698#######"), ("+30210~######", "+302310~#####")),
    "JP": (("+8190~#######", "+8180~#######"), ("+8133#######", "+81662######")),
    "RU": (("+7903#######", "+7916#######", "+7926#######"), ("+7495~######", "+7812~######")),
    "UA": (("+38050#######", "+38067#######", "+38063#######"), ("+38044~######", "+38032~######")),
    "AE": (("+97150~######", "+97155~######"), ("+9714~######", "+9712~######")),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """How streets of a country are called and written."""

    bases: tuple[str, ...]
    trails: tuple[str, ...]
    form: Callable[[str, str], str]
    line: Callable[[str, str], str]
    unit_share: float
    unit: Callable[[Random], str]


def _before(trail: str, base: str) -> str:
    return f"{trail} {base}"


def _number_last(street: str, number: str) -> str:
    return f"{street} {number}"


def _number_first(street: str, number: str) -> str:
    return f"{number} {street}"


def _glued(base: str, trail: str) -> str:
    return f"{base} {trail}" if trail[0].isupper() else base + trail


_EN = _words("Main Park High Oak Church Maple Station Elm Washington Victoria Mill Cedar Green King Queen Pine Lake Hill Walnut Spring North Ridge Chestnut Lincoln Jackson Sunset Jefferson Franklin River Windsor School Adams Albert Grange Manor Meadow York Springfield Cherry Dogwood Hickory Highland Forest Orchard Clifton Alexandra Stanley")  # fmt: skip
_DE = tuple("Haupt Bahnhof Garten Dorf Schul Berg Linden Wald Kirch Ring Mühlen Goethe Schiller Wiesen Birken Feld Beethoven Mozart Tannen Eichen Rosen Blumen Post Brunnen Industrie Burg Rosen Friedhof Ahorn Amsel Kastanien Hafen Kaiser König Nord Süd Neue_ Alte_ Lessing Kant Wagner Bismarck Eichendorff Uhland Sonnen Ufer".replace("_", "").split())  # fmt: skip
STREETS: dict[str, Street] = {}


def _street(
    codes: str,
    bases: tuple[str, ...],
    trails: str,
    form: Callable[[str, str], str],
    line: Callable[[str, str], str],
    share: float,
    unit: Callable[[Random], str],
) -> None:
    for code in codes.split():
        STREETS[code] = Street(
            bases=bases,
            trails=tuple(trails.split("|")),
            form=form,
            line=line,
            unit_share=share,
            unit=unit,
        )


_street(
    "US",
    _EN,
    "Street|Avenue|Road|Drive|Lane|Boulevard|Court|Place|Way",
    lambda b, t: f"{b} {t}",
    _number_first,
    0.28,
    lambda d: (
        f"{d.choice(('Apt', 'Unit', 'Apt', '#', 'Ste'))} {d.randrange(1, 40)}{d.choice(('', '', 'A', 'B'))}"
    ),
)
_street(
    "GB IE AE",
    _EN,
    "Street|Road|Lane|Avenue|Close|Drive|Gardens|Court|Terrace|Crescent",
    lambda b, t: f"{b} {t}",
    _number_first,
    0.22,
    lambda d: f"{d.choice(('Flat', 'Flat', 'Apartment', 'Unit'))} {d.randrange(1, 30)}",
)
_street(
    "DE",
    _DE,
    "straße|straße|straße|weg|gasse|platz|allee| Allee".replace(" Allee", "ring"),
    _glued,
    _number_last,
    0.03,
    lambda d: f"{d.randrange(1, 5)}. OG",
)
_street(
    "AT",
    _DE,
    "gasse|straße|weg|gasse|platz",
    _glued,
    _number_last,
    0.45,
    lambda d: f"Top {d.randrange(1, 40)}",
)
_street(
    "CH",
    _DE,
    "strasse|strasse|weg|gasse|platz|matte",
    _glued,
    _number_last,
    0.04,
    lambda d: f"{d.randrange(1, 5)}. Stock",
)
_street("FR", _words("de la République|Victor Hugo|de l'Église|de la Gare|du Moulin|Jean Jaurès|Pasteur|des Écoles|de la Mairie|Émile Zola|Gambetta|du Château|de Verdun|Voltaire|du Général de Gaulle|des Lilas|Jean Moulin|de la Paix|Saint-Michel|de la Liberté|du 8 Mai 1945|Molière|des Tilleuls|de Paris|du Stade|de la Fontaine|Anatole France|du Lavoir|des Acacias|Carnot", "|"), "rue|rue|avenue|boulevard|place|chemin|impasse|allée", lambda b, t: f"{t} {b}", lambda s, n: f"{n} {s}", 0.12, lambda d: f"{d.choice(('Bât.', 'Appt', 'Esc.'))} {d.choice('ABCD12345')}")  # fmt: skip
_street("BE NL", tuple("Kerk Dorps School Molen Nieuw Hoog Stations Markt Julianna Wilhelmina Beatrix Kastanje Eiken Linden Rozen Tulpen Prins_Hendrik Oranje Nassau Vondel Rembrandt Mozart Meidoorn Park Industrie Beuken Berken Konings Lange_Nieuw Acacia Sport".replace("_", " ").split(" ")), "straat|straat|laan|weg|plein|kade|dreef", _glued, _number_last, 0.14, lambda d: f"{d.choice(('bus', '-', 'II', 'hs'))} {d.randrange(1, 20)}")  # fmt: skip
_street("ES", _words("Mayor|Real|Iglesia|Nueva|San José|Sol|Cervantes|de la Constitución|Miguel de Cervantes|Goya|del Carmen|San Juan|Fuente|Molino|Velázquez|de Aragón|de la Paz|Doctor Fleming|Ramón y Cajal|Santa María|Colón|Gran Vía|Diagonal|Alcalá|de los Reyes Católicos", "|"), "Calle|Calle|Avenida|Plaza|Paseo|Camino", lambda b, t: f"{t} {b}", lambda s, n: f"{s}, {n}", 0.5, lambda d: f"{d.randrange(1, 9)}º {d.choice('ABCD')}")  # fmt: skip
_street("IT", _words("Roma|Garibaldi|Mazzini|Dante|Verdi|Cavour|Marconi|Matteotti|Vittorio Emanuele II|Manzoni|XXV Aprile|della Repubblica|San Martino|Leopardi|Gramsci|Carducci|IV Novembre|dei Mille|Trento|Trieste|Aldo Moro|Kennedy|Galilei|Don Bosco|della Libertà", "|"), "Via|Via|Via|Viale|Corso|Piazza|Vicolo", lambda b, t: f"{t} {b}", lambda s, n: f"{s} {n}", 0.12, lambda d: f"Int. {d.randrange(1, 20)}")  # fmt: skip
_street("PT", _words("Augusta|da Liberdade|de Santa Maria|do Ouro|Almirante Reis|25 de Abril|de São João|da Igreja|do Comércio|das Flores|Luís de Camões|Vasco da Gama|da República|dos Combatentes|Garrett|do Sol", "|"), "Rua|Rua|Avenida|Praça|Travessa|Largo", lambda b, t: f"{t} {b}", lambda s, n: f"{s}, {n}", 0.4, lambda d: f"{d.randrange(1, 9)}º {d.choice(('Esq', 'Dto', 'Frt'))}")  # fmt: skip
_street("PL", _words("Polna Leśna Słoneczna Krótka Szkolna Ogrodowa Lipowa Łąkowa Brzozowa Kwiatowa Kościelna Sosnowa Zielona Parkowa Akacjowa Kolejowa Mickiewicza Słowackiego Kościuszki Sienkiewicza Piłsudskiego Chopina Długa Warszawska Krakowska Żeromskiego"), "ul.|ul.|ul.|al.|os.", lambda b, t: f"{t} {b}", _number_last, 0.5, lambda d: f"m. {d.randrange(1, 60)}")  # fmt: skip
_street("SE", _words("Stor Kungs Drottning Skol Kyrko Järnvägs Björk Ring Ek Tall Sjö Ängs Berg Parks Linné Vasa Nygatan Södra Industri Hamn Skogs Åker"), "gatan|vägen|vägen|gränd|stigen", _glued, _number_last, 0.3, lambda d: f"lgh 1{d.randrange(0, 6)}0{d.randrange(1, 5)}")  # fmt: skip
_street("GR", _words("Ερμού Σταδίου Πανεπιστημίου Πατησίων Αχαρνών Κηφισίας Συγγρού Τσιμισκή Εγνατία Αθηνάς Σόλωνος Ακαδημίας Βενιζέλου Κολοκοτρώνη Μακεδονίας Παπαναστασίου"), "|Λεωφ.", lambda b, t: f"{t} {b}".strip(), _number_last, 0.05, lambda d: f"{d.randrange(1, 6)}ος όροφος")  # fmt: skip
_street("JP", _words("芝公園 赤坂 六本木 西新宿 梅田 栄 大通西 博多駅前 山下町 高輪 麻布十番 四谷"), "1丁目|2丁目|3丁目|4丁目", lambda b, t: b + t, lambda s, n: f"{s}{n}-{len(n) + 3}", 0.4, lambda d: f"{d.choice(('メゾン', 'コーポ', 'グランド'))}{d.randrange(101, 900)}")  # fmt: skip
_street("RU", _words("Ленина Советская Молодёжная Центральная Школьная Новая Садовая Лесная Набережная Мира Гагарина Пушкина Кирова Зелёная Комсомольская"), "ул.|ул.|пр.|пер.", lambda b, t: f"{t} {b}", lambda s, n: f"{s}, д. {n}", 0.7, lambda d: f"кв. {d.randrange(1, 200)}")  # fmt: skip
_street("UA", tuple("Шевченка Франка Лесі_Українки Садова Шкільна Центральна Миру Незалежності Київська Лісова Набережна Грушевського".replace("_", " ").split()), "вул.|вул.|просп.|пров.", lambda b, t: f"{t} {b}", lambda s, n: f"{s}, {n}", 0.6, lambda d: f"кв. {d.randrange(1, 200)}")  # fmt: skip

# What rare family names are composed of.
FAMILY_PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "en": (_words("Ash Black Brad Brom Burn Cal Car Charl Clay Cliff Crom Dal Den Drum Eg Elling Farn Gar Green Hal Har Haw Hol Kirk Lang Lin Mel Nor Oak Pem Quar Rad Ral Sel Shel Stan Thorn Wal Wex Whit Win Wood Yar"), _words("bridge burn bury by combe cott dale den field ford ham hurst land leigh ley man more ridge shaw smith stead ston thorpe ton ville well wick wood worth")),
    "de": (_words("Acker Aigner Alten Bach Berg Birken Brand Breiten Brunn Buchen Dachs Dorn Eber Eichen Eisen Erlen Feld Fuchs Gold Gruben Hasel Hinter Hoch Holz Hopfen Kalten Kirsch Klein Kram Lang Lauten Lieben Mitter Moos Neu Nieder Ober Rauten Reichen Rosen Rot Sand Schell Schön Stein Stern Tannen Unter Weiden Wolfs Ziegel"), _words("bauer berger brecht bruck bühler eder egger felder feld gruber hauer hauser heimer hofer huber kamp lehner maier mann mayr meier moser müller reiter rieder rieger schmid schneider stätter stetter thaler wieser")),
    "nl": (tuple(f"{a}{b}" for a in ("van der ", "van de ", "van ", "de ", "van den ", "") for b in ("Berg", "Bosch", "Heuvel", "Water", "Kamp", "Veld", "Linden", "Meer", "Hoek", "Brink", "Molen", "Haar", "Eik")), ("", "", "en", "sma", "stra", "huis", "man", "mans", "horst", "graaf")),
    "fr": (_words("Beau Bel Bois Bon Bour Chan Char Cour Dela Des Du Fon Grand Haut Lau Mal Mar Mont Nor Pel Per Pont Rou Saint- Val Vau Ver Ville"), _words("bert blanc champ court deau din don fort gnon gier lain lard let lier mont nard net neuve pierre quet rand riel rier sard tier val vigne ville")),
    "it": (_words("Acqua Bal Bar Bel Ber Bon Bru Cal Can Cap Car Cas Cor Del Fal Fer For Gal Gar Lom Mal Man Mar Mon Or Pal Pel Per Roc Sal San Ser Tas Tor Val Ven Zan Zam"), _words("bara belli bini boni cchi cini dari detti doni fini gatti ghi lieri lini lotti magni mari melli netti nucci pelli perti riani rini sini tagna telli tini toni vacca zani zini zoni")),
    "es": (_words("Agui Alar Alba Ame Ara Arre Bar Bena Berru Caba Cal Casta Eche Esco Gala Goi Iba Iri Lar Loza Mada Men Mon Nava Olla Ori Pala Que Ruba Sala Ube Urru Villa Zaba Zu"), _words("barren beitia corta dero dez garay guren iaga lar lete llosa mendi nares nero queta quiza ranza rre rres riaga sco tegui verde vides zabal")),
    "pt": (_words("Alva Bote Cala Carva Casta Figuei Guima Lobo Maga Morei Noguei Olivei Pache Palha Quei Sama Tei Valada"), _words("ção da lho lhães ra rães res ro rosa ros vas xeira")),
    "pl": (_words("Bart Bog Bor Czar Dąb Dob Gaj Gar Gór Jab Jan Kali Kam Kos Krak Kwiat Lew Lip Maj Mal Now Ostr Piotr Rad Sob Sok Star Szym Tom Wit Woj Zaj Zar Ziel"), _words("ak czak czyk ecki ewicz ewski iak icki iński ka nicki niak owicz owski ycki ski")),
    "sv": (_words("Alm Berg Björk Blom Dal Ek Eng Fors Gran Gust Hag Hall Hed Hjelm Holm Kull Lind Ljung Lund Löf Mal Nor Ny Näs Ros Rönn Sand Sjö Skog Stål Ström Sund Söder Väster Wik Ö Öst Åker"), _words("berg blad borg dahl dén felt gren gård holm in kvist lander lund löf man mark quist roth ström vall wall")),
    "el": (_words("Παπα Χατζη Καρα Κοντο Μαυρο Γιαννα Δημη Νικο Αθανα Βασιλα Γεωργα Στεφα"), _words("δάκης κόπουλος γιάννης θεοδώρου νικολάου λέξης πέτρος γεωργίου μιχάλης στάθης βασιλείου")),
    "ru": (_words("Бел Бор Вол Гор Гром Дуб Жар Зай Золот Кал Кам Кон Кур Лап Лоб Мак Мед Мин Нов Ост Пав Рад Сав Сол Сух Тар Тих Чер Щер Яр"), _words("ков евский ников аков ышев ин енков омов аев ушкин анов озеров ецкий енин")),
    "uk": (_words("Бой Бонд Гав Гри Дзю Дор Зін Іван Кал Ков Кра Лис Мар Мель Ола Пав Рома Сав Скля Тка Чер Шев Яре"), _words("енко чук ченко ук аренко ило няк ик ський ишин ай")),
}  # fmt: skip

JAPANESE_FAMILY = tuple(
    tuple(one.split("/"))
    for one in ["佐藤/サトウ/Sato/Satoh", "鈴木/スズキ/Suzuki/Suzuki", "高橋/タカハシ/Takahashi/Takahasi", "田中/タナカ/Tanaka/Tanaka", "伊藤/イトウ/Ito/Itoh", "渡辺/ワタナベ/Watanabe/Watanabe", "山本/ヤマモト/Yamamoto/Yamamoto", "中村/ナカムラ/Nakamura/Nakamura", "小林/コバヤシ/Kobayashi/Kobayasi", "加藤/カトウ/Kato/Katoh", "吉田/ヨシダ/Yoshida/Yosida", "山田/ヤマダ/Yamada/Yamada", "佐々木/ササキ/Sasaki/Sasaki", "山口/ヤマグチ/Yamaguchi/Yamaguti", "松本/マツモト/Matsumoto/Matumoto", "井上/イノウエ/Inoue/Inouye", "木村/キムラ/Kimura/Kimura", "林/ハヤシ/Hayashi/Hayasi", "斎藤/サイトウ/Saito/Saitou", "清水/シミズ/Shimizu/Simizu", "山崎/ヤマザキ/Yamazaki/Yamasaki", "森/モリ/Mori/Mori", "阿部/アベ/Abe/Abe", "池田/イケダ/Ikeda/Ikeda", "橋本/ハシモト/Hashimoto/Hasimoto", "石川/イシカワ/Ishikawa/Isikawa", "山下/ヤマシタ/Yamashita/Yamasita", "小川/オガワ/Ogawa/Ogawa", "石井/イシイ/Ishii/Ishii", "長谷川/ハセガワ/Hasegawa/Hasegawa", "後藤/ゴトウ/Goto/Gotoh", "岡田/オカダ/Okada/Okada", "近藤/コンドウ/Kondo/Kondoh", "前田/マエダ/Maeda/Mayeda", "藤田/フジタ/Fujita/Fuzita", "遠藤/エンドウ/Endo/Endoh", "青木/アオキ/Aoki/Aoki", "坂本/サカモト/Sakamoto/Sakamoto", "村上/ムラカミ/Murakami/Murakami", "太田/オオタ/Ota/Ohta", "金子/カネコ/Kaneko/Kaneko", "藤井/フジイ/Fujii/Fujii", "福田/フクダ/Fukuda/Fukuda", "西村/ニシムラ/Nishimura/Nisimura", "三浦/ミウラ/Miura/Miura", "竹内/タケウチ/Takeuchi/Takeuti", "中川/ナカガワ/Nakagawa/Nakagawa", "岡本/オカモト/Okamoto/Okamoto", "松田/マツダ/Matsuda/Matuda", "原田/ハラダ/Harada/Harada", "中野/ナカノ/Nakano/Nakano", "小野/オノ/Ono/Ohno", "田村/タムラ/Tamura/Tamura", "藤原/フジワラ/Fujiwara/Huziwara", "中山/ナカヤマ/Nakayama/Nakayama", "石田/イシダ/Ishida/Isida", "小島/コジマ/Kojima/Ojima", "和田/ワダ/Wada/Wada", "森田/モリタ/Morita/Morita", "内田/ウチダ/Uchida/Utida"]
)  # fmt: skip
JAPANESE_GIVEN = tuple(
    tuple(one.split("/"))
    for one in ["翔太/ショウタ/Shota/m", "大輔/ダイスケ/Daisuke/m", "健太/ケンタ/Kenta/m", "拓也/タクヤ/Takuya/m", "直樹/ナオキ/Naoki/m", "誠/マコト/Makoto/m", "浩/ヒロシ/Hiroshi/m", "隆/タカシ/Takashi/m", "修/オサム/Osamu/m", "健一/ケンイチ/Kenichi/m", "和也/カズヤ/Kazuya/m", "太郎/タロウ/Taro/m", "一郎/イチロウ/Ichiro/m", "悠斗/ユウト/Yuto/m", "蓮/レン/Ren/m", "亮/リョウ/Ryo/m", "達也/タツヤ/Tatsuya/m", "純一/ジュンイチ/Junichi/m", "陽子/ヨウコ/Yoko/f", "美咲/ミサキ/Misaki/f", "恵子/ケイコ/Keiko/f", "由美/ユミ/Yumi/f", "久美子/クミコ/Kumiko/f", "裕子/ユウコ/Yuko/f", "直子/ナオコ/Naoko/f", "幸子/サチコ/Sachiko/f", "花子/ハナコ/Hanako/f", "愛/アイ/Ai/f", "葵/アオイ/Aoi/f", "結衣/ユイ/Yui/f", "智子/トモコ/Tomoko/f", "真由美/マユミ/Mayumi/f", "明美/アケミ/Akemi/f", "彩/アヤ/Aya/f", "舞/マイ/Mai/f", "香織/カオリ/Kaori/f"]
)  # fmt: skip

# A given name, then what its bearer is called as well, by language; not all of it is English.
NICKNAMES: dict[str, tuple[str, ...]] = {}
for _line in """
William Bill Will Billy Liam|Robert Bob Rob Bobby Robbie|Richard Rick Dick Rich Richie|James Jim Jimmy Jamie|John Jack Johnny|Michael Mike Mick Mickey|Thomas Tom Tommy|Charles Charlie Chuck Chas|Edward Ed Eddie Ted Ned|Elizabeth Liz Beth Betty Eliza Lizzie Libby|Margaret Maggie Peggy Meg Marge|Katherine Kate Kathy Katie Kit|Catherine Cathy Kate Cate|Jennifer Jen Jenny|Patricia Pat Patty Trish|Christopher Chris Kit|Matthew Matt|Anthony Tony|Daniel Dan Danny|Joseph Joe Joey|David Dave Davey|Andrew Andy Drew|Joshua Josh|Nicholas Nick Nicky|Samuel Sam Sammy|Benjamin Ben Benny|Alexander Alex Sandy Xander Sascha|Jonathan Jon|Stephen Steve|Steven Steve|Timothy Tim|Gregory Greg|Jeffrey Jeff|Kenneth Ken Kenny|Ronald Ron Ronnie|Donald Don Donnie|Deborah Deb Debbie|Susan Sue Susie|Barbara Barb Babs|Rebecca Becky Becca|Victoria Vicky Tori|Samantha Sam|Jessica Jess|Amanda Mandy|Pamela Pam|Theodore Ted Theo|Frederick Fred Freddie|Lawrence Larry|Raymond Ray|Gerald Gerry Jerry|Philip Phil|Peter Pete|Zachary Zach|Abigail Abby|Dorothy Dot Dottie|Virginia Ginny|Jacqueline Jackie|Kimberly Kim|Eleanor Ellie Nell|Isabella Bella Izzy|Sarah Sally|Mary Molly Polly|Ann Annie Nancy|Henry Harry Hank|Francis Frank|Martha Patty
Johannes Hans Hannes Johann|Josef Sepp Pepi Jupp|Wolfgang Wolf Wolfi|Friedrich Fritz Fiete|Heinrich Heinz Heiner|Elisabeth Lisa Sissi Elli Lisbeth Elsbeth|Katharina Kathi Käthe Kati Katja|Margarete Grete Gretel Marga|Maximilian Max Maxi|Michael Michi Michel|Matthias Matze Hias Hiasl|Andreas Andi Andy|Stefan Steffen Steff|Sebastian Basti Wastl|Susanne Susi Sanne|Christian Chris Christl|Christiane Christl Tine|Christina Tina Christl|Franziska Franzi|Franz Franzl|Georg Schorsch Jörg Girgl|Ulrich Uli Ulli|Ulrike Uli Rike|Gabriele Gabi|Barbara Bärbel Babsi|Angelika Geli|Ursula Uschi Ulla|Alexandra Sandra Alex|Thomas Tom Tommy|Manfred Manni Fredi|Alfred Fredi Fred|Rudolf Rudi|Ludwig Luggi Lutz|Günther Günni|Nikolaus Klaus Niko Klaas|Antonia Toni|Anton Toni|Theresa Resi Resl|Magdalena Leni Magda|Benjamin Ben Benni|Joachim Achim Jochen|Hans-Peter Hape|Karl-Heinz Kalle|Dorothea Doro Thea|Eberhard Ebi|Wilhelm Willi Helmut|Wilhelmine Mina Minna|Leonhard Hartl Leo|Dietrich Dieter|Konrad Kurt Conny
Jean-Pierre JP|Philippe Phil Fifi|Élisabeth Babeth Lisette|Catherine Cathy Kat|Françoise Fanfan|Frédéric Fred|Dominique Dom Domi|Nicolas Nico|Emmanuel Manu|Emmanuelle Manu|Alexandre Alex|Benoît Ben|Stéphanie Steph|Stéphane Steph|Véronique Véro|Christophe Chris Totof|Jacqueline Jackie|Michèle Mimi|Micheline Mimi|Valérie Val|Dorothée Doro|Laurence Lolo|Laurent Lolo|Antoine Tony Titou|Gérard Gégé|Robert Bob|Patrick Pat|Josephine Fifi|Joséphine Fifine José|Guillaume Guigui Gui|Mathieu Mat|Sébastien Seb|Augustin Gus
Francisco Paco Pancho Curro Fran Kiko|José Pepe|María José Marijose Pepa|Jesús Chus Chuchi|Dolores Lola|Concepción Concha Conchi|Rosario Charo|Ignacio Nacho|Guadalupe Lupe|Enrique Quique|Manuel Manolo Lolo|Antonio Toño Toni|Rafael Rafa|Alberto Beto|Roberto Beto|Eduardo Edu Lalo|Mercedes Merche|Pilar Pili|Teresa Tere Maite|Isabel Isa Chabela|Javier Javi|Fernando Nando Fer|Gregorio Goyo|Consuelo Chelo|Encarnación Encarna|Josefa Pepa Fina|Montserrat Montse|Alejandro Álex Jandro|Luis Lucho|Santiago Santi Yago
Giuseppe Beppe Peppe Pino Peppino Geppi|Giovanni Gianni Nanni Vanni|Francesco Ciccio Franco Checco|Luigi Gigi Gino|Antonio Tonino Totò Nino|Salvatore Totò Turi Salvo|Vincenzo Enzo Cenzo|Lorenzo Enzo Renzo|Domenico Mimmo Nico|Giacomo Mino|Elisabetta Betta Elisa Lisa|Alessandro Sandro Ale|Alessandra Sandra Ale|Giuseppina Pina Pinuccia Giusy|Francesca Franca Fra|Giovanna Vanna Gianna|Caterina Rina Cate|Raffaele Lello|Michele Lele|Gabriele Lele|Stefano Ste|Filippo Pippo|Federico Fede Chicco|Enrico Chicco|Teresa Resi|Bartolomeo Meo|Daniele Dani|Margherita Rita
Aleksander Olek Alek|Aleksandra Ola|Małgorzata Gosia Małgosia|Katarzyna Kasia|Joanna Asia|Jan Janek Jasiek|Stanisław Staszek Stasiek|Krzysztof Krzysiek Krzyś|Grzegorz Grzesiek|Tomasz Tomek|Andrzej Jędrek|Anna Ania|Agnieszka Aga|Barbara Basia|Magdalena Magda|Wojciech Wojtek|Jakub Kuba|Paweł Pawełek|Michał Misiek|Elżbieta Ela|Zofia Zosia|Józef Józek|Piotr Piotrek|Bartłomiej Bartek|Ewa Ewka|Maria Marysia|Tadeusz Tadek|Zbigniew Zbyszek|Mateusz Mati
Johannes Jan Joop Hans Johan|Cornelis Kees Cor|Wilhelmus Wim Willem|Hendrik Henk|Jacobus Jaap Koos Sjaak|Petrus Piet Pieter|Antonius Ton Toon|Gerardus Gerard Geert|Franciscus Frans|Maria Mieke Ria Marijke Riet|Elisabeth Bets Els Lisa|Catharina Trijn Tineke Rina|Margaretha Greet Griet|Adrianus Ad Arie|Theodorus Theo Dorus|Christiaan Chris|Nicolaas Klaas Nico|Dirk Dick|Alexander Lex Sander|Geertruida Truus Geertje|Matthijs Thijs|Bartholomeus Bart
Александр Саша Шура Саня|Александра Саша|Алексей Лёша Алёша|Дмитрий Дима Митя|Екатерина Катя|Мария Маша|Анна Аня|Иван Ваня|Владимир Вова Володя|Михаил Миша|Николай Коля|Наталья Наташа|Ольга Оля|Сергей Серёжа|Татьяна Таня|Елена Лена|Юрий Юра|Евгений Женя|Евгения Женя|Борис Боря|Василий Вася|Виктор Витя|Павел Паша|Константин Костя|Анатолий Толя|Вячеслав Слава|Ксения Ксюша
Олександр Сашко|Михайло Мишко|Іван Івась|Дмитро Діма|Катерина Катря|Тарас Тарасик|Наталія Наталка|Оксана Ксеня
Γεώργιος Γιώργος|Ιωάννης Γιάννης|Κωνσταντίνος Κώστας Ντίνος|Δημήτριος Δημήτρης Μίμης|Νικόλαος Νίκος|Παναγιώτης Πάνος Τάκης|Βασίλειος Βασίλης|Αικατερίνη Κατερίνα|Ελένη Λένα|Αθανάσιος Θανάσης Νάσος|Χρήστος Χρηστάκης|Ευάγγελος Βαγγέλης|Σπυρίδων Σπύρος|Θεόδωρος Θοδωρής|Κωνσταντίνα Ντίνα|Γεωργία Γιούλα|Εμμανουήλ Μανώλης|Απόστολος Τόλης
Francisco Chico Xico|José Zé|António Tó Tonho|Manuel Manel Nelo|Joaquim Quim|Luís Lula|Maria Mariazinha|Fernanda Nanda|Eduardo Edu Dudu|Guilherme Gui|Teresa Teté|Isabel Belinha
Karl Kalle|Lars Lasse|Nils Nisse|Per Pelle|Jan Janne|Bo Bosse|Fredrik Frippe|Margareta Greta Maggan|Elisabet Lisa Bettan|Katarina Kattis|Birgitta Gittan|Magnus Mange|Tomas Tompa|Olof Olle|Karolina Carro|Anders Ante
""".strip().splitlines():  # fmt: skip
    for _group in _line.split("|"):
        _formal, *_short = (
            _group.split(" ")
            if not _group.startswith("María José")
            else ["María José", "Marijose", "Pepa"]
        )
        NICKNAMES[_formal] = NICKNAMES.get(_formal, ()) + tuple(_short)

MAIL_HOSTS: dict[str, tuple[str, ...]] = {
    "US": ("gmail.com", "gmail.com", "gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "aol.com", "comcast.net"),
    "GB": ("gmail.com", "gmail.com", "hotmail.co.uk", "outlook.com", "yahoo.co.uk", "btinternet.com", "icloud.com", "sky.com"),
    "IE": ("gmail.com", "gmail.com", "eircom.net", "hotmail.com", "outlook.ie"),
    "DE": ("gmx.de", "web.de", "gmail.com", "gmail.com", "t-online.de", "freenet.de", "outlook.de", "yahoo.de", "posteo.de"),
    "AT": ("gmx.at", "gmail.com", "gmail.com", "aon.at", "chello.at", "hotmail.com"),
    "CH": ("bluewin.ch", "gmail.com", "gmail.com", "gmx.ch", "hotmail.com", "sunrise.ch"),
    "FR": ("gmail.com", "gmail.com", "orange.fr", "free.fr", "wanadoo.fr", "laposte.net", "hotmail.fr", "sfr.fr", "yahoo.fr"),
    "BE": ("gmail.com", "telenet.be", "skynet.be", "hotmail.com", "outlook.be", "proximus.be"),
    "NL": ("gmail.com", "gmail.com", "hotmail.com", "ziggo.nl", "kpnmail.nl", "planet.nl", "outlook.com", "xs4all.nl"),
    "ES": ("gmail.com", "gmail.com", "hotmail.com", "yahoo.es", "telefonica.net", "outlook.es"),
    "IT": ("gmail.com", "libero.it", "virgilio.it", "tiscali.it", "alice.it", "hotmail.it", "yahoo.it"),
    "PT": ("gmail.com", "sapo.pt", "hotmail.com", "outlook.pt"),
    "PL": ("gmail.com", "wp.pl", "onet.pl", "o2.pl", "interia.pl"),
    "SE": ("gmail.com", "hotmail.com", "telia.com", "outlook.com", "bredband.net"),
    "GR": ("gmail.com", "yahoo.gr", "hotmail.com", "otenet.gr"),
    "JP": ("gmail.com", "yahoo.co.jp", "docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp"),
    "RU": ("mail.ru", "yandex.ru", "gmail.com", "rambler.ru"),
    "UA": ("gmail.com", "ukr.net", "i.ua"),
    "AE": ("gmail.com", "hotmail.com", "eim.ae"),
}  # fmt: skip
ROLES = ("info", "office", "sales", "accounts", "kontakt", "contact", "admin", "billing", "buchhaltung", "compta", "bestellung", "hello", "mail", "orders", "service")  # fmt: skip
JUNK_NAMES = (("Test", "Test"), ("x", "x"), ("N/A", "N/A"), ("-", "-"), ("Unknown", "Unknown"), ("asdf", "asdf"), ("Gast", "Gast"), ("Guest", "Customer"), ("Kunde", "Neu"), ("Herr", ""), ("Familie", ""), ("Max", "Mustermann"), ("John", "Doe"), (".", "."), ("Walk-in", "Customer"), ("Privat", "Kunde"), ("???", "???"), ("n.n.", "n.n."))  # fmt: skip
JUNK_MAILS = ("noreply@amazon.com", "test@test.com", "keine@mail.de", "none@none.com", "nomail@nomail.com", "kasse@gmail.com", "na@na.com", "unknown@unknown.com")  # fmt: skip
TITLES: dict[str, tuple[str, ...]] = {
    "en": ("Dr.", "Prof.", "Mr", "Mrs", "Ms"), "de": ("Dr.", "Prof. Dr.", "Dipl.-Ing.", "Herr", "Frau", "Mag."), "fr": ("Dr", "M.", "Mme", "Pr"), "nl": ("dhr.", "mevr.", "drs.", "ir."), "es": ("D.", "Dña.", "Dr."), "it": ("Dott.", "Ing.", "Avv.", "Sig.", "Sig.ra"),
}  # fmt: skip
JOBS = ("Buyer", "CEO", "Managing Director", "Head of Purchasing", "Accountant", "Office Manager", "Einkauf", "Geschäftsführer", "Directeur", "Responsable achats", "CFO", "IT Manager", "Project Lead", "Assistant")  # fmt: skip

# Companies.
FORMS: dict[str, tuple[str, ...]] = {
    "US": ("Inc.", "LLC", "Corp.", "Co.", "LLP"), "GB": ("Ltd", "Ltd", "Limited", "PLC", "LLP"), "IE": ("Ltd", "DAC", "PLC"), "DE": ("GmbH", "GmbH", "AG", "GmbH & Co. KG", "OHG", "e.K.", "UG (haftungsbeschränkt)", "KG"), "AT": ("GmbH", "GmbH", "AG", "KG", "e.U."), "CH": ("AG", "GmbH", "SA", "Sàrl"), "FR": ("SARL", "SAS", "SA", "EURL", "SNC"), "BE": ("BV", "NV", "SRL", "SA"), "NL": ("B.V.", "B.V.", "N.V.", "V.O.F."), "ES": ("S.L.", "S.A.", "S.L.U."), "IT": ("S.r.l.", "S.p.A.", "S.n.c.", "S.a.s."), "PT": ("Lda.", "S.A.", "Unipessoal Lda."), "PL": ("Sp. z o.o.", "S.A.", "Sp. k."), "SE": ("AB", "AB", "HB"), "GR": ("Α.Ε.", "Ε.Π.Ε.", "Ι.Κ.Ε."), "JP": ("株式会社", "合同会社", "K.K."), "RU": ("ООО", "АО", "ПАО"), "UA": ("ТОВ", "ПрАТ"), "AE": ("LLC", "FZE"),
}  # fmt: skip
FORM_WORDS: dict[str, tuple[str, ...]] = {
    "Inc.": ("Inc", "Incorporated", "INC."), "LLC": ("L.L.C.", "llc"), "Corp.": ("Corporation", "Corp"), "Co.": ("Company", "Co"), "Ltd": ("Limited", "Ltd."), "Limited": ("Ltd", "Ltd."), "PLC": ("plc", "Public Limited Company"), "GmbH": ("Gesellschaft mit beschränkter Haftung", "Gmbh", "G.m.b.H.", "GesmbH", "mbH"), "AG": ("Aktiengesellschaft", "A.G."), "GmbH & Co. KG": ("GmbH und Co KG", "GmbH & Co KG", "GmbH&Co.KG"), "SARL": ("S.A.R.L.", "Sàrl", "Société à responsabilité limitée"), "SAS": ("S.A.S.", "SASU"), "SA": ("S.A.",), "B.V.": ("BV", "b.v."), "BV": ("B.V.", "BVBA"), "N.V.": ("NV",), "S.L.": ("SL", "S.L", "Sociedad Limitada"), "S.A.": ("SA", "Sociedad Anónima"), "S.r.l.": ("SRL", "s.r.l.", "Srl"), "S.p.A.": ("SPA", "SpA", "Spa"), "Sp. z o.o.": ("Spółka z o.o.", "sp.z o.o.", "SP ZOO"), "Lda.": ("LDA", "Limitada"), "AB": ("Aktiebolag", "ab"), "株式会社": ("(株)", "Co., Ltd.", "K.K."), "ООО": ("OOO", "Общество с ограниченной ответственностью"),
}  # fmt: skip
COMPANY_WORDS: dict[str, tuple[str, ...]] = {
    "en": _words("Northern Summit Blue River Atlas Vertex Golden Crest Silver Oak Apex Harbor Pioneer Liberty Cascade Evergreen Horizon Keystone Anchor Falcon Beacon Sterling Granite Copper Bright Stone Meridian Phoenix Orion Delta Nova Quantum Zenith Pacific Atlantic Union Central Global Prime Capital Royal Crown Eagle Lion Swift Urban Metro Titan Alpha Omega"),
    "de": _words("Nord Süd Rhein Main Alpen Donau Bavaria Hansa Elbe Isar Neckar Schwarzwald Adler Falken Stern Krone Merkur Saturn Orion Phönix Eiche Linden Delta Omega Alpha Berg Tal See Ring Turm Stadt Union Zentral Euro Inter Trans Mega Vario Novum Optima Perfekta"),
    "fr": _words("Alpes Provence Bretagne Atlantique Soleil Étoile Lumière Horizon Avenir Élan Azur Rivière Montagne Mistral Océan Cristal Phénix Nova Delta Union Central Royal Grand Nouveau Atelier Maison Comptoir"),
    "nl": _words("Noord Zuid Rijn Maas Oranje Holland Delta Polder Tulp Leeuw Zon Ster Kroon Molen Haven Kust Duin Brug Stad Centraal Euro Vlaamse Brabant Nova Alfa"),
    "es": _words("Sol Mar Norte Sur Ibérica Levante Mediterráneo Castilla Andaluz Nuevo Grupo Real Central Estrella Luna Delta Nova Horizonte Costa Sierra Pirineo"),
    "it": _words("Nord Sud Italia Lombarda Adriatica Tirreno Sole Stella Nuova Centro Alpi Mare Delta Nova Aurora Europa Mediterranea Fratelli Antica Moderna"),
    "pt": _words("Norte Sul Atlântico Lusitana Ibérica Sol Mar Nova Real Central Douro Tejo Estrela Costa"),
    "pl": _words("Polska Nowa Bałtyk Wisła Orzeł Gwiazda Tatra Mazovia Silesia Euro Inter Centrum Delta Omega Prima"),
    "sv": _words("Norr Söder Svea Nordic Skandia Björn Älg Stjärna Sjö Skog Sten Berg Delta Nova"),
    "el": _words("Ελλάς Αιγαίο Ήλιος Άστρο Νέα Όλυμπος Δέλτα Άλφα Ωμέγα Θάλασσα Μακεδονία Κρήτη"),
    "ja": _words("東京 大阪 日本 富士 桜 光 朝日 中央 太陽 未来 大和 三和"),
    "ru": _words("Север Восток Запад Союз Звезда Волга Урал Новый Центр Альфа Мир Свет"),
    "uk": _words("Київ Дніпро Захід Схід Зоря Карпати Новий Центр Альфа Світ"),
    "ar": tuple("Gulf Emirates Desert Pearl Falcon Oasis Al_Noor Al_Futtaim Arabian Crescent Dune Palm".replace("_", " ").split()),
}  # fmt: skip
BRANCHES_OF_TRADE: dict[str, tuple[str, ...]] = {
    "en": ("Consulting", "Logistics", "Systems", "Solutions", "Foods", "Construction", "Engineering", "Media", "Design", "Electronics", "Trading", "Holdings", "Services", "Partners", "Plumbing", "Motors", "Pharma", "Textiles", "Software", "Energy", "Group", "Bakery", "Dental", "Legal"),
    "de": ("Bau", "Technik", "Logistik", "Handel", "Maschinenbau", "Elektro", "Beratung", "Software", "Transport", "Metallbau", "Druck", "Holz", "Energie", "Immobilien", "Medien", "Versand", "Spedition", "Apotheke", "Reisen", "Systeme", "Service", "Werkzeuge"),
    "fr": ("Conseil", "Bâtiment", "Transports", "Services", "Distribution", "Informatique", "Électricité", "Boulangerie", "Industrie", "Immobilier", "Médias", "Développement", "Automobiles", "Plomberie"),
    "nl": ("Bouw", "Techniek", "Transport", "Handel", "Advies", "Installatie", "Logistiek", "Groep", "Beheer", "Media", "Automatisering", "Schilders"),
    "es": ("Construcciones", "Transportes", "Servicios", "Consultores", "Alimentación", "Electricidad", "Inmobiliaria", "Sistemas", "Distribuciones", "Talleres"),
    "it": ("Costruzioni", "Trasporti", "Servizi", "Impianti", "Alimentari", "Informatica", "Immobiliare", "Consulenza", "Meccanica", "Tessile"),
    "pt": ("Construções", "Transportes", "Serviços", "Consultoria", "Informática", "Imobiliária", "Têxteis"),
    "pl": ("Budownictwo", "Transport", "Usługi", "Handel", "Systemy", "Doradztwo", "Meble", "Produkcja"),
    "sv": ("Bygg", "Transport", "Konsult", "Teknik", "Handel", "Fastigheter", "El", "Måleri"),
    "el": ("Κατασκευές", "Μεταφορές", "Εμπορική", "Σύμβουλοι", "Τρόφιμα", "Πληροφορική"),
    "ja": ("商事", "建設", "電機", "工業", "運輸", "システム", "食品"),
    "ru": ("Строй", "Транс", "Торг", "Сервис", "Консалт", "Техно"), "uk": ("Буд", "Транс", "Торг", "Сервіс", "Консалт"),
    "ar": ("Trading", "Contracting", "Services", "Logistics", "Real Estate", "General Trading"),
}  # fmt: skip
FRANCHISES = ("Burger Haus", "QuickFit", "Pizza Presto", "Clean Express", "Auto Fix", "Optik Plus", "Sun Travel", "FitPoint", "Coffee Corner", "Haar Studio", "PrintShop", "Kids Planet", "Tool Rent", "Green Market", "Bike World", "Phone Doctor")  # fmt: skip

# Cyrillic and Greek letters by scheme of romanisation; Arabic by consonants is hopeless, hence names by hand.
_RU = "а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=shch ъ= ы=y ь= э=e ю=yu я=ya і=i ї=yi є=ye ґ=g ’= ʼ= '="
_ICAO = "ё=e й=i ц=ts ю=iu я=ia х=kh ъ=ie щ=shch"
_GERMAN = "ж=sch з=s в=w х=ch ц=z ч=tsch ш=sch щ=schtsch ю=ju я=ja й=j ё=jo"
_SCIENTIFIC = "ж=ž х=h ц=c ч=č ш=š щ=šč ю=ju я=ja й=j ё=ë ы=y"
_UK = "г=h ґ=g и=y й=i і=i ї=i є=ie ю=iu я=ia х=kh щ=shch"
_EL = "α=a β=v γ=g δ=d ε=e ζ=z η=i θ=th ι=i κ=k λ=l μ=m ν=n ξ=x ο=o π=p ρ=r σ=s ς=s τ=t υ=y φ=f χ=ch ψ=ps ω=o ά=a έ=e ή=i ί=i ό=o ύ=y ώ=o ϊ=i ϋ=y ΐ=i ΰ=y"
_EL2 = "η=h χ=x θ=8 ξ=ks υ=u β=b ω=w ή=h ύ=u ώ=w"
_EL3 = "χ=h η=e φ=ph υ=u γ=gh ή=e ύ=u"


def _scheme(*layers: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for layer in layers:
        found |= dict(pair.split("=") for pair in layer.split(" "))
    return found


ROMANISATIONS: dict[str, tuple[dict[str, str], ...]] = {
    "ru_RU": (_scheme(_RU), _scheme(_RU, _ICAO), _scheme(_RU, _GERMAN), _scheme(_RU, _SCIENTIFIC)),
    "uk_UA": (_scheme(_RU, _UK), _scheme(_RU, _UK), _scheme(_RU), _scheme(_RU, _GERMAN)),
    "el_GR": (_scheme(_EL), _scheme(_EL), _scheme(_EL, _EL3), _scheme(_EL, _EL2)),
}
# Arabic, then its romanisations.
ARABIC_MALE = tuple(tuple(one.split("/")) for one in "محمد/Mohammed/Muhammad/Mohamed/Mohamad/Mohammad أحمد/Ahmed/Ahmad/Achmed علي/Ali/Aly حسين/Hussein/Hussain/Husayn/Hossein حسن/Hassan/Hasan عبدالله/Abdullah/Abdallah/Abdulla عبدالرحمن/Abdulrahman/Abdelrahman/Abdul_Rahman يوسف/Youssef/Yusuf/Yousef/Yousuf إبراهيم/Ibrahim/Ebrahim خالد/Khaled/Khalid/Chalid عمر/Omar/Umar سعيد/Said/Saeed/Saïd مصطفى/Mustafa/Mostafa/Moustafa طارق/Tariq/Tarek/Tarik سمير/Samir/Sameer كريم/Karim/Kareem جمال/Jamal/Gamal/Djamal رشيد/Rashid/Rachid نور/Nour/Noor/Nur فيصل/Faisal/Faysal/Feisal زيد/Zaid/Zayd/Zeid حمزة/Hamza/Hamzah بلال/Bilal/Belal سليمان/Suleiman/Soliman/Sulayman عثمان/Othman/Osman/Uthman".replace("_", "@").split())  # fmt: skip
ARABIC_FEMALE = tuple(tuple(one.split("/")) for one in ["فاطمة/Fatima/Fatma/Fatimah/Fathma", "عائشة/Aisha/Aicha/Ayesha/Aysha", "مريم/Maryam/Mariam/Meryem", "زينب/Zainab/Zeinab/Zaynab/Zineb", "خديجة/Khadija/Khadijah/Chadidscha", "ليلى/Leila/Layla/Laila/Leyla", "سارة/Sara/Sarah", "ياسمين/Yasmin/Yasmine/Jasmin", "أمينة/Amina/Aminah", "هدى/Huda/Houda/Hoda", "سلمى/Salma/Selma", "نادية/Nadia/Nadya/Nadja", "رانيا/Rania/Raniya", "دينا/Dina/Deena", "هناء/Hana/Hanaa", "إيمان/Iman/Eman", "سعاد/Souad/Suad"])  # fmt: skip
ARABIC_FAMILY = tuple(tuple(one.split("/")) for one in "الحسن/Al-Hassan/El_Hassan/Alhasan المصري/Al-Masri/El_Masry/Almasri الأحمد/Al-Ahmad/Alahmed/El_Ahmad حداد/Haddad/Hadad خوري/Khoury/Khouri/Churi منصور/Mansour/Mansoor/Mansur ناصر/Nasser/Naser/Nasir صالح/Saleh/Salih/Salah قاسم/Qasim/Kassem/Qassem/Kasim الشريف/Al-Sharif/El_Cherif/Alshareef عباس/Abbas/Abas حمدان/Hamdan/Hemdan جابر/Jaber/Gaber/Djaber النجار/Al-Najjar/El_Naggar/Alnajar بكري/Bakri/Bakry/Bekri سلطان/Sultan/Soltan الزهراني/Al-Zahrani/Alzahrani الغامدي/Al-Ghamdi/Alghamdi/El_Ghamdi القحطاني/Al-Qahtani/Alkahtani بن_علي/Ben_Ali/Benali/Bin_Ali بوعزيز/Bouaziz/Buaziz الفاسي/El_Fassi/Al-Fasi مراد/Mourad/Murad عزيز/Aziz/Azeez رحمن/Rahman/Rehman شاهين/Shaheen/Chahine/Schahin درويش/Darwish/Darwich/Derwisch طه/Taha/Tahha حجازي/Hegazy/Hijazi/Hegazi سعد/Saad/Sad فرج/Farag/Faraj/Faradsch عطية/Attia/Atiyah/Attiya زيدان/Zidane/Zidan/Zaydan الخطيب/Al-Khatib/El_Khatib/Alkhateeb".replace("_", "@").split())  # fmt: skip
