# ruff: noqa: RUF001  (names are spelled in their own letters)
"""What names, streets and telephone numbers look like in the countries of the sample company.

Everybody here is invented. A name written ``太郎/taro`` is spelled as its people spell it, and with
Latin letters in e-mail addresses. ``#`` stands for a digit.
"""

from dataclasses import dataclass

__all__ = ["LANDS", "Land", "latin"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """One country: names of people, of firms and of places."""

    code: str
    language: str
    given: str
    family: str
    firm: str
    form: str
    cities: str
    streets: str
    postal: str
    phone: str
    number_first: bool = False  # "12 Rue ..." or "Hauptstraße 12"
    family_first: bool = False
    tax_id: str = ""  # digits to fill until the check digits are right; without, none is known


LANDS = (
    Land(
        code="DE", language="de", postal="#####", phone="+4930########", tax_id="DE#########",
        given="Jürgen Katrin Björn Sabine Götz Ulrike Matthias Anneliese Florian Heike Lennart Wiebke",
        family="Müller Schröder Weiß Krämer Hübner Jäger Vogt Lindemann Böhm Kühn Strauß Ahrens",
        firm="Nordlicht Elbtal Havelland Alpenrand Rheinufer Wattwurm", form="GmbH|AG|GmbH & Co. KG",
        cities="Berlin Köln Münster Nürnberg Görlitz", streets="Hauptstraße Lindenallee Goethestraße Am_Mühlbach",
    ),
    Land(
        code="AT", language="de", postal="1##0", phone="+431#######", tax_id="ATU########",
        given="Leopold Christl Alois Resi Franz Gundula Korbinian Liesl Xaver Traudl",
        family="Gruber Pichler Steiner Moser Haslinger Bürgermeister Fürst Kröll Öhlinger Zangerl",
        firm="Donauwelle Karwendel Wienfluss Almruh", form="GesmbH|GmbH",
        cities="Wien Graz Linz", streets="Mariahilfer_Straße Ringstraße Kärntner_Gasse",
    ),
    Land(
        code="CH", language="de", postal="8###", phone="+4144#######",
        given="Reto Ursina Beat Vreni Urs Flurina Jürg Seraina Gian Corina",
        family="Zürcher Bünzli Caflisch Hürlimann Rüegg Aebischer Schwyzer Blöchlinger",
        firm="Bergkristall Zürisee Rhätia", form="AG|GmbH",
        cities="Zürich Winterthur Chur", streets="Bahnhofstrasse Seestrasse Dorfstrasse",
    ),
    Land(
        code="FR", language="fr", postal="75###", phone="+331########", number_first=True, tax_id="FR###########",
        given="Zoé Hélène François Jérôme Chloé Benoît Anaïs Thibault Noémie Gaël Maëlle Cédric",
        family="Lefèvre Dubois Béranger Garçon Hélias Châtelain Noël d'Aubigny Le_Goff Rousseau",
        firm="Lumière Provence Atelier_Bleu Côte_d'Opale", form="SARL|S.A.S.",
        cities="Paris Orléans Besançon Saint-Étienne", streets="Rue_de_l'Église Avenue_Foch Boulevard_Voltaire",
    ),
    Land(
        code="IT", language="it", postal="20###", phone="+39064#######", tax_id="IT###########",
        given="Niccolò Chiara Matteo Ludovica Salvatore Giosuè Beatrice Raffaella Tommaso Letizia",
        family="Rossi Esposito D'Angelo Dell'Acqua Bianchi Lo_Russo Cattaneo Fabbri",
        firm="Stella_Alpina Tevere Bottega_Romana", form="S.r.l.|S.p.A.",
        cities="Roma Milano Forlì", streets="Via_Garibaldi Piazza_Dante Corso_Umberto",
    ),
    Land(
        code="ES", language="es", postal="28###", phone="+34912######", tax_id="ESB########",
        given="Íñigo Begoña Andrés Núria Joaquín Lucía Álvaro Concepción Óscar Inés",
        family="Peña Ibáñez Muñoz Gutiérrez Zúñiga Castaño Ordóñez Márquez",
        firm="Ebro Sol_y_Mar Sierra_Nevada", form="S.L.|S.A.",
        cities="Madrid Málaga A_Coruña", streets="Calle_Mayor Paseo_del_Prado Avenida_de_América",
    ),
    Land(
        code="NL", language="nl", postal="10## AB", phone="+3120#######", tax_id="NL#########B##",
        given="Sjoerd Anouk Daan Femke Joost Marijke Thijs Loes Wouter Roos",
        family="van_den_Berg de_Groot Bakker ten_Hove Visser van_Dijk Jansen_Steur Hoekstra",
        firm="Polder Tulpenveld Zuiderzee", form="B.V.|N.V.",
        cities="Amsterdam Utrecht 's-Hertogenbosch", streets="Keizersgracht Dorpsstraat Marktplein",
    ),
    Land(
        code="PL", language="pl", postal="00-###", phone="+4822#######", tax_id="PL##########",
        given="Łukasz Małgorzata Paweł Żaneta Stanisław Agnieszka Michał Bożena Wojciech Świętosława",
        family="Wójcik Kowalczyk Dąbrowski Jabłoński Szczepański Zając Grzęda Śliwa",
        firm="Wisła Bursztyn Zielony_Las", form="Sp. z o.o.",
        cities="Warszawa Łódź Gdańsk", streets="ul._Długa ul._Świętojańska Aleje_Jerozolimskie",
    ),
    Land(
        code="GB", language="en", postal="SW1A #AA", phone="+442079######", number_first=True,
        given="Nigel Siobhan Alistair Gwendolyn Rhys Philippa Angus Imogen Tristan Beatrix",
        family="O'Neill Smythe-Jones MacDonald Featherstone Ashworth Whitfield Pryce Holloway",
        firm="Thames Highland Old_Mill", form="Ltd|Limited|PLC",
        cities="London Stoke-on-Trent Aberystwyth", streets="High_Street Church_Lane King's_Road",
    ),
    Land(
        code="US", language="en", postal="100##", phone="+1212555####", number_first=True,
        given="Tyrone Brittany Wyatt Shaniqua Dakota Mackenzie Cody Savannah Hunter Peyton",
        family="Jackson Kowalski Nguyen Ramirez McAllister Goldberg O'Hara Whitaker Chen-Davis",
        firm="Liberty Blue_Ridge Golden_Gate Lone_Star", form="Inc.|LLC|Corp.",
        cities="New_York Brooklyn Yonkers", streets="Broadway Fifth_Avenue Elm_Street",
    ),
    Land(
        code="SE", language="sv", postal="114 ##", phone="+468#######", tax_id="SE##########01",
        given="Åsa Göran Märta Sören Ebba Håkan Linnéa Östen Signe Björne",
        family="Ångström Sjöberg Lindqvist Öhman Åkesson Bergström Nyström Wåhlin",
        firm="Fjäll Skärgård Norrsken", form="AB",
        cities="Stockholm Malmö Göteborg", streets="Storgatan Östra_Hamngatan Kyrkvägen",
    ),
    Land(
        code="DK", language="da", postal="21##", phone="+4533######", tax_id="DK########",
        given="Søren Mette Jørgen Bodil Rasmus Kirsten Åge Signe-Marie",
        family="Nørgaard Sørensen Kjær Højlund Bæk Østergaard Thygesen",
        firm="Øresund Lille_Havn", form="ApS|A/S",
        cities="København Aarhus Helsingør", streets="Strøget Nørregade Åboulevard",
    ),
    Land(
        code="TR", language="tr", postal="34###", phone="+90212#######",
        given="Çağlar İpek Gökhan Şebnem Oğuz Ülkü Ilgın Buğra",
        family="Yılmaz Öztürk Çelik Şahin Güneş İnönü Kılıç",
        firm="Boğaziçi Anadolu", form="A.Ş.",
        cities="İstanbul İzmir Eskişehir", streets="İstiklal_Caddesi Bağdat_Caddesi",
    ),
    Land(
        code="GR", language="el", postal="105 ##", phone="+30210#######", tax_id="EL#########",
        given="Γιώργος/giorgos Ελένη/eleni Νίκος/nikos Αικατερίνη/aikaterini Στέλιος/stelios Δέσποινα/despoina",
        family="Παπαδόπουλος/papadopoulos Αγγελοπούλου/angelopoulou Ιωάννου/ioannou Καραγιάννης/karagiannis "
        "Μακρή/makri",
        firm="Αιγαίο/aigaio Ήλιος/ilios", form="Α.Ε.",
        cities="Αθήνα Θεσσαλονίκη", streets="Ερμού Πανεπιστημίου",
    ),
    Land(
        code="UA", language="uk", postal="01###", phone="+38044#######",
        given="Олена/olena Тарас/taras Соломія/solomiia Богдан/bohdan Ярослава/yaroslava Остап/ostap",
        family="Шевченко/shevchenko Ковальчук/kovalchuk Бойко/boiko Їжакевич/yizhakevych Щербак/shcherbak",
        firm="Дніпро/dnipro Калина/kalyna", form="ТОВ",
        cities="Київ Львів", streets="вул._Хрещатик вул._Городоцька",
    ),
    Land(
        code="JP", language="ja", postal="100-00##", phone="+8135#######", family_first=True,
        given="太郎/taro 花子/hanako 健一/kenichi 美咲/misaki 翔太/shota 陽子/yoko",
        family="山田/yamada 佐藤/sato 渡辺/watanabe 高橋/takahashi 小林/kobayashi 斎藤/saito",
        firm="富士商事/fuji 桜印刷/sakura", form="株式会社",
        cities="東京 大阪", streets="丸の内 道玄坂",
    ),
    Land(
        code="KR", language="ko", postal="045##", phone="+8222#######", family_first=True,
        given="민준/minjun 서연/seoyeon 지훈/jihun 하은/haeun 도윤/doyun",
        family="김/kim 이/lee 박/park 최/choi 정/jung",
        firm="한강/hangang 미래/mirae", form="주식회사",
        cities="서울 부산", streets="세종대로 강남대로",
    ),
)  # fmt: skip


def latin(name: str) -> tuple[str, str]:
    """Return a name as its people spell it, and with Latin letters."""
    spelled, _, romanised = name.replace("_", " ").partition("/")
    return spelled, romanised or spelled
