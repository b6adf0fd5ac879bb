"""Names and phrases that the demo organisation is made of; all invented."""

from __future__ import annotations

from typing import Final

ORGANISATION: Final = "Lindenhof Coffee & Tea Trading"

TEAMS: Final = (
    ("management", "Management", "management"),
    ("sales", "Sales", "sales"),
    ("service", "Customer care", "service"),
    ("marketing", "Marketing", "marketing"),
    ("purchasing", "Purchasing", "purchasing"),
    ("press", "Press and public affairs", "press"),
)

PEOPLE: Final = (
    # key, first name, last name, job title, team, manager, role of the account
    ("helena", "Helena", "Brandt", "Managing director", "management", None, "admin"),
    ("marek", "Marek", "Nowak", "Head of sales", "sales", "helena", "staff"),
    ("aisha", "Aisha", "Rahman", "Account manager", "sales", "marek", "staff"),
    ("jonas", "Jonas", "Lindqvist", "Customer care", "service", "helena", "staff"),
    ("chiara", "Chiara", "Ferri", "Purchasing and vendors", "purchasing", "helena", "staff"),
    ("tomas", "Tomás", "Ibarra", "Marketing and press", "press", "helena", "staff"),
)

PLACES: Final = (
    ("Hamburg", "20095", "DE", "+49 40 5550"),
    ("Bremen", "28195", "DE", "+49 421 5550"),
    ("Köln", "50667", "DE", "+49 221 5550"),
    ("Wien", "1010", "AT", "+43 1 5550"),
    ("Zürich", "8001", "CH", "+41 44 555 0"),
    ("Rotterdam", "3011", "NL", "+31 10 555 0"),
    ("København", "1050", "DK", "+45 33 55 0"),
    ("Lyon", "69001", "FR", "+33 4 72 55 0"),
    ("Trieste", "34121", "IT", "+39 040 5550"),
    ("Gdańsk", "80-831", "PL", "+48 58 555 0"),
)

STREETS: Final = (
    "Hafenstraße",
    "Lindenallee",
    "Rue du Port",
    "Via Garibaldi",
    "Strandvejen",
    "Kaaistraat",
    "Marktplatz",
    "Ulica Długa",
    "Bahnhofstraße",
    "Gartenweg",
)

CUSTOMERS: Final = (
    "Café Morgenrot",
    "Rösterei am Kanal",
    "Hotel Vier Jahreszeiten",
    "Bäckerei Sommer",
    "Kaffeehaus Prückel",
    "Bistro Lumière",
    "Trattoria del Porto",
    "Nordlys Kaffebar",
    "Stadtwerke Kantine",
    "Universität Mensa Nord",
    "Klinikum Seeblick",
    "Weinhandlung Traube",
    "Feinkost Albrecht",
    "Teehaus Jasmin",
    "Delikatessen Orlik",
    "Grand Hotel Bellevue",
    "Kino Astoria",
    "Buchhandlung Seitenweise",
    "Sporthotel Alpina",
    "Kombucha Kollektiv",
    "Brasserie Centrale",
    "Museumscafé Arkaden",
    "Coworking Speicher 7",
    "Reederei Hansen Catering",
    "Zum Goldenen Hirschen",
    "Osteria Belvedere",
    "Espressobar Tazza",
    "Wochenmarkt Genossenschaft",
    "Pension Waldfrieden",
    "Kaffeerad Mobil",
    "Konditorei Engel",
    "Smørrebrød & Co",
    "Café Bohemia",
    "Zajazd pod Lipą",
    "Maison du Thé",
    "Kantine Rathaus",
    "Hofladen Birkenfeld",
    "Seniorenheim Abendsonne",
    "Festival Klangwald",
    "Airline Lounge Service",
)

VENDORS: Final = (
    ("Finca La Esperanza", "supplier"),
    ("Kilimanjaro Growers Union", "supplier"),
    ("Darjeeling Hill Estates", "supplier"),
    ("Cooperativa Serra Alta", "supplier"),
    ("Nilgiri Leaf Traders", "distributor"),
    ("Baltic Packaging", "supplier"),
    ("Kontor Lagerhaus", "service"),
    ("Hanse Spedition", "service"),
    ("Röstmaschinen Kessler", "supplier"),
    ("Grünpack Kartonagen", "supplier"),
    ("Port Customs Brokers", "service"),
    ("Fair Trade Netz Nord", "network"),
    ("Druckerei Farbton", "service"),
    ("Labor Aromatik", "service"),
    ("Gastro Großmarkt West", "retailer"),
)

PARTNERS: Final = (
    ("Deutscher Kaffeeverband", "association"),
    ("Slow Brew Network", "network"),
    ("Barista Akademie Hamburg", "technology"),
    ("Biomarkt Gruppe", "retailer"),
    ("Tea Importers Circle", "network"),
    ("Kaffeerösterei Nordwind", "distributor"),
    ("Gastro Consult Weber", "referral"),
    ("Messe Genusswelten", "referral"),
    ("Regional Food Alliance", "network"),
    ("Hochschule für Gastronomie", "technology"),
)

# The same organisation in two roles: (party, customer or null, vendor or null, partner or null).
TWO_ROLES: Final = (
    ("Weinhandlung Traube", "Weinhandlung Traube", "Gastro Großmarkt West", None),
    ("Café Morgenrot", "Café Morgenrot", None, "Slow Brew Network"),
    ("Fair Trade Netz Nord", None, "Fair Trade Netz Nord", "Regional Food Alliance"),
    ("Bäckerei Sommer", "Bäckerei Sommer", "Grünpack Kartonagen", None),
)

FIRST_NAMES: Final = (
    "Anna",
    "Björn",
    "Carla",
    "Daniel",
    "Elif",
    "Felix",
    "Greta",
    "Henrik",
    "Inés",
    "Jakub",
    "Katharina",
    "Luca",
    "Mette",
    "Nadia",
    "Oskar",
    "Paula",
    "Quentin",
    "Rosa",
    "Stefan",
    "Tereza",
    "Ulrike",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zofia",
)

LAST_NAMES: Final = (
    "Ahrens",
    "Bianchi",
    "Claussen",
    "Dąbrowski",
    "Ekström",
    "Fischer",
    "Gruber",
    "Hoffmann",
    "Iversen",
    "Jansen",
    "Kowalska",
    "Lambert",
    "Moretti",
    "Nielsen",
    "Öztürk",
    "Petersen",
    "Quast",
    "Richter",
    "Schönborn",
    "Thomsen",
    "Ulbrich",
    "Vogel",
    "Winkler",
    "Yılmaz",
    "Zimmermann",
)

POSITIONS: Final = (
    "Owner",
    "Head of purchasing",
    "Restaurant manager",
    "Chef",
    "Bookkeeping",
    "Barista",
    "Facility manager",
    "Director",
    "Assistant to the board",
)

MEDIA: Final = (
    ("Hamburger Morgenblatt", "newspaper", "Gastronomy"),
    ("Genuss Magazin", "magazine", "Coffee and tea"),
    ("Radio Hansewelle", "radio", "Local economy"),
    ("Kaffee Notizen", "podcast", "Origins and roasting"),
    ("Nordsee TV", "television", "Harbour and trade"),
    ("Food Online", "online", "Start-ups"),
    ("Presse Agentur Nord", "agency", "Business"),
    ("The Tea Letter", "online", "Tea"),
)

GOVERNMENT: Final = (
    ("Hauptzollamt Hamburg", "Customs clearance", "national"),
    ("Behörde für Verbraucherschutz", "Food safety", "regional"),
    ("Bezirksamt Mitte", "Permits for events", "local"),
    ("Handelskammer", "Vocational training", "regional"),
    ("European Commission, DG AGRI", "Organic certification", "international"),
    ("Umweltamt", "Packaging", "local"),
)

CALLS: Final = (
    ("Asked about the delivery date of the spring harvest", "information"),
    ("Ordered the monthly blend again, 40 kg more than usual", "order"),
    ("Complained that two bags arrived torn", "complaint"),
    ("Wants a tasting for the whole team", "appointment"),
    ("Nobody answered, left a message", "unreachable"),
    ("Asked for the certificate of origin", "information"),
    ("Negotiated the conditions of next year", "information"),
    ("Invoice carried the wrong address", "complaint"),
    ("Interested in the new decaf from Colombia", "order"),
    ("Thanked us for the quick replacement", "none"),
    ("Asked whether we deliver on Saturdays", "information"),
    ("Answered the autumn newsletter and wants the price list", "information"),
)

TASKS: Final = (
    "Send the new price list",
    "Call back about the tasting",
    "Prepare the renewal offer",
    "Check the complaint about torn bags",
    "Ask for the organic certificate",
    "Book the stand at the fair",
    "Update the delivery address",
    "Thank for the referral",
    "Collect open invoices",
    "Plan the visit to the estate",
    "Write the press release on the new harvest",
    "Verify the bank details",
)

APPOINTMENTS: Final = (
    ("Tasting of the spring harvest", "Tasting room"),
    ("Yearly review", "Meeting room Lotus"),
    ("Tour of the roastery", "Reception"),
    ("Negotiation of conditions", "Meeting room Arabica"),
    ("Interview on fair prices", "Online"),
    ("Inspection of the warehouse", "Warehouse 2"),
)
