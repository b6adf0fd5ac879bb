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

ROLES: Final = ("customer", "vendor", "partner")
"""What the names of `TWO_ROLES` after the first are."""

STORIES: Final = {
    "customer": (
        ("Wants the winter blend in two deliveries", "phone",
         "Half at the beginning of the month, half for the fair. The price stays as agreed.", "aisha"),
        ("Happy with the tasting, thinks about a second machine", "visit",
         "Send an offer for the small one with the service contract.", "marek"),
    ),
    "vendor": (
        ("New prices from next quarter", "email",
         "Three per cent more. We could keep the old ones with a contract over two years.", "chiara"),
        ("Delivery comes two days later", "phone",
         "The lorry stands in Rotterdam. The warehouse knows.", "chiara"),
    ),
    "partner": (
        ("Plans the joint stand at the autumn fair", "email",
         "They bring the furniture, we the machines. Both names on the banner.", "tomas"),
        ("Sent the figures of the joint campaign", "email",
         "214 visitors of the page, 19 asked for a sample.", "tomas"),
    ),
}  # fmt: skip
"""By role: subject, channel, what was said, by whom it was taken."""

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
    ("Asked about the delivery date of the spring harvest", "information",
     "Told them: second half of May. They want a mail as soon as the ship has left."),
    ("Ordered the monthly blend again, 40 kg more than usual", "order",
     "A second branch opens. Same roast, same bags."),
    ("Complained that two bags arrived torn", "complaint",
     "Replacement goes out today. They keep the bags for the carrier."),
    ("Wants a tasting for the whole team", "appointment",
     "Eight people, a Tuesday or Wednesday afternoon."),
    ("Nobody answered, left a message", "unreachable",
     "Tried twice. Best reached before ten."),
    ("Asked for the certificate of origin", "information",
     "Sent as PDF while we spoke."),
    ("Negotiated the conditions of next year", "information",
     "They ask for 2 % more discount from 500 kg on. Decide until the end of the month."),
    ("Invoice carried the wrong address", "complaint",
     "Moved in spring. Corrected here, new invoice sent."),
    ("Interested in the new decaf from Colombia", "order",
     "Wants 250 g to try, then decides."),
    ("Thanked us for the quick replacement", "none",
     "Was there the next morning."),
    ("Asked whether we deliver on Saturdays", "information",
     "Not yet; offered Friday evening."),
    ("Answered the autumn newsletter and wants the price list", "information",
     "Sent. Ask again in two weeks."),
)  # fmt: skip
"""Subject, outcome, what was said."""

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
