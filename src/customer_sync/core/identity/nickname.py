"""Given names that mean one person: short forms, pet names, spellings, of many languages.

Decides which given names may be the same; a name may belong to several groups (``alex``). Promises
only equivalence of names, never of people. Must not know how it is used.
"""

from functools import lru_cache

from customer_sync.core.identity.spelling import CACHED, folded

__all__ = ["name_groups"]

# A line is a group, in plain spelling. Written from general knowledge of the languages, English first, then
# German and Dutch, Romance, Nordic, Slavic, Greek, Hungarian, Turkish. Forms of two languages share a line only
# where people commonly carry both (emigrants, transliterations).
_GROUPS = """
abigail abby abbie gail
abraham abe bram abram
adam ad addy
adelaide adele addie della heidi
adrian ade adrien adriano
agnes aggie nessa agnieszka aga
albert al bert bertie alberto berto albrecht
alexander alex alec al sandy xander lex sascha sasha sander alejandro jandro ale alessandro sandro alexandre aleksander aleksandr olek oleksandr sashko shura sanya aleksandar sandor oleksander alexandros alekos alexis iskander alexandru alekszandr aleks
alexandra alex sandra sandy lexi lexie sasha alejandra alessandra aleksandra ola oleksandra sascha xandra alexa ale sanne shura
alfred alf alfie fred freddy alfredo fredo alfons
alice ali ally allie alicia alicja ala alison lisa
alison ali ally allie alli
amanda mandy manda amy
amelia amy millie mel amalia amelie
andrew andy drew andreas andre andres andrea andrei andrey andriy andrzej jedrzej ondrej andras anders andries dries andrii andrej bandi endre andreu
andrea andy drea andreea ondrea
angela angie angelika geli angelica angele angelina
ann anne anna annie nan nancy hanna hannah anni anja anya aneta anita anka ania anouk anneke annika ana anechka hania annette annemarie aino antje anke
annemarie annemie annamaria annemieke
anthony tony ant toni anton antonio antoine toine antonin tonda antoni antek antonis toon teun tonio antun antal toño
antonia toni tonia antonietta antonina tonya tosia antoinette
archibald archie archy
arnold arnie arno arnaud
arthur art artie arturo artur arturas
augustine gus augustin agustin agostino august gustl
barbara barb babs bobbie barbie basia barbora bara varvara barbro babette borbala
bartholomew bart barry bartek bartolome bartolomeo bartosz barthel bartlomiej
beatrice bea trixie beatrix beatriz beata
benjamin ben benny benji benno beniamino
bernard bernie bernhard bernd bernardo berend bernat
bertram bert
bogdan bohdan bodia
brandon bran
bridget biddy bridie birgit brigitte gitte gitti brigitta brigida birgitta britta brita
bronislaw bronek bronislav
bryan brian
calvin cal
cameron cam
carl karl charles charlie chuck chas carlos carlo carlito karel karol karoly kalle carles charly charlot karlheinz
caroline carol carrie carolyn carolina karolina karoline caro line lina carola karola
casimir kazimierz kazik
catherine kate katie cathy kathy kat kay kitty katherine kathryn katharina kathrin katrin katja katya kati trina catalina caterina katarina katarzyna kasia kaska ekaterina yekaterina kateryna katia katka katerina catarina cata rina karin karen kaisa katalin kata karina trine katinka nynke catriona kathleen
cecilia cissy celia cecily cecile cecylia silke
charlotte lottie charlie lotte carlotta carlota lotta
chester chet
christine chris chrissy tina christina kristina christa kristin kristine christiane christel krystyna krysia kirsten kerstin cristina cris kristyna krisztina stina tine christin hristina
christopher chris kit topher christoph christophe cristobal cristoforo krzysztof krzys krzysiek kristof kristoffer stoffel toffer chrystof christos christofer
christian chris christiaan cristian kristian krystian carsten karsten
clara claire clare klara chiara
claudia claudine klaudia
claude claudio claudius klaudiusz
clemens klemens clement klement clemente
clifford cliff
conrad konrad con kurt curt corrado kuno
constance connie konstanze costanza constanze
constantine konstantin costa kostas costas kostya konstantinos dinos constantin costantino gus kostiantyn
cornelius neil cor kees kornel cornelis corne kornelius
cynthia cindy
cyril kirill kyrylo cyryl kirill
czeslaw czesiek
daniel dan danny dani daniele danilo danylo danila danielo
daniela dani danielle ela daniella
david dave davy davey davide dawid davyd taavi
deborah deb debbie debby debra
denise denis deni
dennis denny den denis denys dion
dmitri dima dmitry dmitriy dmytro dimitri dimitrios dimitris mitya dmitrii mitko dimitar
dominic dom nick domenico domingo dominik dominique mimmo mingo domi
donald don donny
dorothy dot dotty dolly dorothea dora dorota dorothee thea doro
douglas doug
duncan dunc
edith edie edyta
edmund ed eddie ned edmondo edmond
edward ed eddie ted teddy ned eduard edoardo eduardo edouard edek edvard lalo edu edzard
edwin ed eddie
eleanor ellie nell nora lena eleonora eleonore elinor leonor leonora noor ella
elena lena elene helena helen ellen nell helene olena yelena jelena lenka alyona heleen leni ilona elen eleni ele nelly ileana
elizabeth liz lizzie beth betty betsy eliza elsie libby lisa bess lily elisabeth lisbeth elise elsa else sissi sisi lilli isabel isabella elisabetta betta elzbieta ela alzbeta eliska betka erzsebet bozsi zsoka elisabet lies liesbeth liesel lizette lisette lieselotte bettina elisaveta lisa yelizaveta yelisaveta liza lisl els
emil emilio emile emiliano milo emiel
emily em emmy millie emilia emilie emma emilija
emmanuel manny manu manuel manolo emanuel emanuele immanuel manolis manoel
enrique henry harry hank henri heinrich heinz heiner enrico hendrik henk rik henryk heniek jindrich henrik hinnerk quique kike rico harald henning hal hein arrigo henrique
erica ricky erika rika
eric erik rick ricky erich erick jerker
ernest ernie ernst ernesto erno neto
esther essie hester ester estera eszter
eugene gene eugen eugenio evgeny evgeni yevgeny yevhen evgeniy eugeniusz zhenya genek jeno evgenij evgenii ievgen jenya
eugenia gene evgenia yevgeniya yevheniia zhenya eugenie
eva eve evi evita ewa evka evelyn ieva
felix feliks felice
ferdinand ferdi fernando ferdy nando nandor ferdinando fer
florence flo florrie flora fiorenza
florian flo flori florin
frances fran fanny francine franny francesca franziska franzi sissi francoise francisca paca paquita franka cesca franciska frantiska franciszka
francis frank fran franz frans francisco paco pancho curro kiko francesco franco ciccio francois franciszek franek frantisek franta ferenc feri franjo francesc chico cisco frankie franciscus xaver francisek
franklin frank
frederick fred freddy rick friedrich fritz frederic federico fede fryderyk bedrich frederik freek rik fredrik fredo frigyes frederico friedel
gabriel gabe gabi gabriele gavril havryil gabor
gabrielle gabby gabriela gabriele gabi elle gabriella gaby
gareth gary garth
genevieve genny jenny genoveva genowefa
george georgie geordie georg jorg jurgen joerg juergen gorgen jorge giorgio georges georgios giorgos yorgos yuri jerzy jurek jiri jirka gyorgy gyuri goran georgi georgy yegor egor joris jurriaan jordi heorhii gheorghe iury yuriy iurii yurii jurij iouri goergen jeorge
gerald gerry jerry geraldo gerhard gerd gert gerardo gerard gerrit geert gerhardt gherardo girard
geraldine gerry gerri
gertrude trudy gertie gert trude gertrud truus geertruida
gilbert gil bert gilberto
giles gilles egidio
giuseppe beppe peppe pino joseph joe joey jo josef sepp jupp josip josep jose pepe pepito josephus jef joop jozef jozek jozsef iosif josif yosef pep peppino zeppo josefus yusuf jozo osip iosef
giuseppina pina josephine jo josie josefina pepa fina josefine josefa phine jozefina finchen pepita
giovanni gianni vanni nino john johnny jon jack ian sean johann johannes hans hannes jan jannik jens jean juan juanito joao janek jasiek ivan vanya johan jo giannis ioannis yannis yiannis evan janos jancsi ivo jussi juhani hansi ion hannu jani iain shane shaun shawn jovan johnnie joan jaan jonny jaques hovhannes iwan jhon
giovanna gianna joan jane janet jean joanna asia johanna hanna hanne jo juana juanita jana janina jeanne jeannette ivana jeanine ioanna janneke jannie zuanna janice joanne hansi asia joana yana jannetje jeanette siobhan sinead
gottfried friedel godfrey godfried goffredo gotz
grace gracie grazia gracia graziella
graham gray graeme
gregory greg gregg gregor gregorio goyo grigory grzegorz grzesiek grisha hryhoriy rehor grigorios gergely grigoris grigor hryhorii
gunther gunter guenter guenther
gustav gus gustave gustavo gusti gustaf gustaw
guy guido wido
gwendolyn gwen wendy
hannah hanna anna hana hanne
harold harry hal harald
harriet hattie harry henriette henrietta jette enrica henrike
heather hetty
herbert herb bert herbie heribert
herman hermann armando manny hermanus manus harm ermanno armin
howard howie
hubert hugh bert huub humberto
hugo hugh hugues ugo
ida idina
ignatius ignacio nacho ignazio ignaz ignacy iggy inaki ignasi naz
igor ihor
ilya ilja elias illia ilia eliasz elie
ingeborg inge inga ingrid
irene irina ira arina iryna reni rena irenka irenee irena eirini irinka
isaac ike zak isaak
isabel bella izzy isa isabella isabelle belle isabela izabela iza ysabel isobel
isidore isidro sidro isidor
jacob jake jakob jack jim jimmy james jamie jaime jacques giacomo diego santiago iago jakub kuba jacobus koos jaap sjaak kobus iacopo jacopo yakov yakiv jaakko seumas hamish jago tiago kubus mino jockel coby cobus jaume seamus jaco lapo
jacqueline jackie jacqui jacky
jadwiga hedwig hedi hedy hedvika edwige jadzia edvige hedvig hadewych
janusz jan
jaroslav jarek jaroslaw jarda yaroslav slavko slava
jasper caspar kaspar casper kacper gaspard gaspare
jason jay jase
jeffrey jeff geoffrey geoff jeffery godfrey
jennifer jen jenny jenn jennie jenna
jeremy jerry jem jeremias jeremiah jeremie
jerome jerry hieronymus geronimo jeronimo girolamo hieronim jeroen
jessica jess jessie
joachim jochen achim joaquin quino gioacchino jokke jochem juha joakim kim
joel joe joey
jonathan jon jonny jonatan nathan jonas
joshua josh josue giosue
judith judy judie judyta jutta judit
julian jules julien juliano iulian juliusz
julia julie jules yulia iuliia yuliya juliana giulia julka jule juliette julita juliet giulietta julcia ioulia yuliia
julius jules julio giulio jule juliusz iulius
jonas jona
kenneth ken kenny
kimberly kim kimmy
klaus claus nick nicholas nicky nico nicolas nikolaus niklas nicola niccolo nicolaas klaas nikolai nikolay kolya mykola mikolaj mikulas miklos nikolaos nikos colin niels nils niek nicolau nicoletto klas nikola nicolae col kolja mykolai nikolaj cola
larry laurence lawrence laurie lorenz lorenzo lars laurent lourens lauri laurens lavrentiy enzo renzo wawrzyniec vavrinec lorcan laurits lasse lars lorencio lenz
laura laurie lori lara lauren laure laurette laurina
leonard leo len lenny leonardo leonhard lennart lenard hartl leonid nando leonardus
leo leon lev leonid lew leone leonas levko lyova leonidas
leopold leo poldi leopoldo leopolde polde
leslie les lesley
lillian lily lilly lil lilian liliana lilli lilia lila
linda lindy lyn dietlinde
louis lou lewis ludwig louie luigi gigi luis lucho luiz lodewijk lode ludvik ludwik lutz ludovic ludovico lajos wiggerl luisito vico ludo loys lluis aloisius alois alojzy aloys alois
louise lou luise luisa lulu luiza ludwika louisa lovisa liza
lucas luke lukas luca lucio luc lukasz lukacs luka loukas lucca
lucy lucia lucie lucinda lu lucja luzie lucila lucette lusi
madeline maddie madeleine magdalena magda lena leni madalena magdalene magdolna maddalena mado marlene magali malene magdaleine malena lenka
magnus mans
marcus marc mark marco marcos markus marek marcel marcello marcin marko marceli marci markos mark marcelo marcinek
margaret maggie meg peggy marge madge rita greta margarete gretchen grete marguerite margarita margherita margarethe malgorzata gosia margit gretel margot marketa margriet griet margaretha greet grietje marga daisy margret maret gretl merete marjorie margo riet gosha
maria marie mary molly polly mia mitzi marika maryam mariam maruska marija masha mariya mariia marysia maryla maja maike mieke rie miet mariette marieke marja maike mari manya maritza marita marichka mariana mariella maryse maren marijke mirjam marushka ria mimi miriam maura
marianne marian marianna mariana marijana anne
martha marta marthe mattie patty marti
martin marty mart martino martijn marcin martti tino marten marton martyn maarten mertens
martina tina martine martyna
matilda tilly mattie mathilde matylda tilda mafalda thilde tilli
matthew matt matty matthias mathias matteo teo mateo matthieu mathieu mateusz matej matyas thijs matthijs matvei hias matevz matti mats matias mattia matthaus matus mathis thies tijs mattias matthaeus mati
maurice morris moritz maurizio mauricio maurits moe maury mo maurycy moric maurus
maximilian max maxi massimiliano maksymilian maxim maksim maksym maxime maximiliano maxime massimiliano
melanie mel melania
melissa mel missy lisa
melvin mel
mercedes merche mercy mercè
michael mike mick mickey mikey michel miguel michele michal misha mikhail mykhailo michiel mihaly michail michalis mitch mikkel mikael mihai mischa migue michi michele michelangelo mihail miska miquel mikko micha mykhaylo mihael michaela mykhajlo mihajlo
michaela michelle micaela michalina shelly mikaela michele michele ela miguela mihaela misa
mildred millie
miroslav mirek miroslaw mirko mira myroslav
mohammed mohamed muhammad mohammad mehmet muhammed mo hamada mohamad mohammet memo
monica mona monika monique moni nika
moses moe moshe moise moises mozes
nancy nan
natalie nat natalia natasha natalya nataliya nathalie tala natalka nataliia talia natascha natali
nathaniel nat nate nathan
nelly nell nella
nicole nicky nikki nicola nicoletta nicolette colette nicolina cole nikola nico nicol nikoleta
noah noe noach
norbert bert bertl norberto
oliver ollie olly olivier oli noll oliverio olivero
olivia livia liv livvy ollie oliwia
oscar ossie oskar oszkar
oswald ossie ozzie osvaldo
olga olya olha helga olja
otto otho ottone
pamela pam pammy
patricia pat patty trish tricia patsy patrizia patrycja patrice pati
patrick pat paddy patrik patrizio patricio patryk padraig rick
paul pauly paolo pablo pau pavel pawel pavlo pasha pal pavlos pauli poul paavo paulus paulo pol paweł pauwel pawlo
paula paulina pauline polly pola paola pavla pavlina lina paulette pavlina
penelope penny pip
peter pete piet pieter petrus pedro pietro pierre pyotr petr piotr piotrek petro petya peer per petar peterle petri petros pekka piero perico pero pierrot petter peder petteri petko peto pier pep piotrus petru pjotr
petra piera petronella nel petrina
philip phil pip philipp felipe filippo philippe filip flip lippi fulop filippos pippo filipp felip philippos fil
phyllis phyl
rachel rae rachele raquel ray rahel rachela
ralph rolf ralf raf rudolf rudi rodolfo rudy raoul raul rolph rodolphe rezso ruud dolf
raymond ray raimund raimondo ramon raimond moncho mundi mon raimundo
rafael rafa raphael raffaele rafal raff raffaello rafi
rebecca becky becca bex rebekka reba rebeca
regina gina reggie regine reine
reginald reg reggie reinhold ronald rinaldo reinaldo
reinhard reiner rainer reinhardt rayner reinder
renate reni renata nate renee
richard rick rich dick ricky rico ricardo riccardo rikard ryszard rysiek richi ricard rich rikhard risto ritchie
robert rob bob bobby robbie bert rupert ruprecht roberto berto robin robby robrecht bobek roby rodbert
roberta bobbie robbie berta robin roberte
roderick rod roddy rory rodrigo ruy rodrigue
rodney rod
roger rog rodger ruggero rogelio rutger rudiger ruediger rogier
roland rollo orlando rolando roeland roldan
roman romek romain romano roma
ronald ron ronnie
rose rosie rosa rosy rosalie rozalia rosalia rosina rosita rozsa roza rosel
rosemary rose rosie rosemarie romy rosmarie
ruth ruthie
salvatore salvador toto turi salva totò salvo tore sal
samuel sam sammy samuele shmuel samu
samantha sam sammy
sandra sandy alexandra
sarah sara sally sadie zara sarina
sean shaun shawn
sebastian seb bastian basti sebastien sebastiano bas sebas bastien sebestyen bastiaan
sergei sergey serhiy serge sergio serega seryozha serhii sergi sergej serhij sergii
sharon shari
shirley shirl
sidney sid sydney
sigmund siegmund zygmunt sigi siggi sigismund zikmund
siegfried sigi siggi sigfrido sievert sigurd
sigrid siri sigi
simon si simone szymon simeon semen semyon szimon simao ximo simo shimon
simone simona mona simonetta moni
sophia sophie sofia sofie zofia zosia sonia sonja sonya zsofia sofi sofya sofiia fie fia fieke sofija sonje
stanislav stan stas stanislaus stanislaw staszek stanislao stanko standa slava stanly staszko
stella estella estelle estrella
stephanie steph stephie stefanie steffi stefania stefanija stephania stepha fanny stefa estefania
stephen steve stevie steven stefan stephan stefano esteban etienne stephane stepan istvan pista stjepan estevao stefaan steffen staffan stefanos step szczepan stevo esteve stipe stef
susan sue susie suzy susanne suzanne susanna zuzanna zuzana susana sanne suse susi zsuzsanna zsuzsa zuza suzana suzie syuzanna susannah sanna zuzka
svetlana sveta svitlana lana svetla
sylvester sly silvester silvestro
sylvia syl silvia silvie sylvie silke sylwia silvana
tadeusz thaddeus tadek tad tadeo thaddaus taddeo tadeas
tatiana tanya tania tatjana tatyana tetiana tanja tiana tetyana tatianna
terence terry tel terrence
teresa terry tess tessa therese theresa resi theresia terezia tereza terka tereska maite treesje
thaddeus thad tad ted
theodore ted teddy theo theodor teodoro fyodor fedor fedir todor fjodor teodor tivadar teo
theresa terry tess tessa tracy resi
thomas tom tommy thom tomas tomaso tommaso tomek tomasz foma tamas maso tuomas maas tomaz tomi toma
timothy tim timmy timo timoteo timofey timotheus tymoteusz timon tymofiy
tobias toby tobi tobiasz tobia
ulrich uli ulli oldrich ulrik ulryk utz ulrico
ulrike uli rike ulli ulrika
ursula uschi ulla orsola urszula ula orsolya uschl
valentine val valentin valentino valentyn walenty valentijn valya
valerie val valeria valerya valeriia lera waleria
vasily vasyl vasya basil basilio vasilis vasil vassily vasilios bazyli vasilij vasilii wasyl vasile
veronica vera ronnie vero veronika weronika veronique roni nika vroni berenike
victor vic vittorio viktor wiktor vitya vico victorio
victoria vicky tori vittoria viktoria vikki wiktoria vika viktoriya victoire vita
vincent vince vinnie vincenzo enzo vicente vinzenz wincenty cencio vincentius vinko chente vin cenzo vincenc
violet vi violeta violetta viola jola jolanta yolanda yolande
virginia ginny ginger gina virginie
vladimir vlad vova volodymyr wladimir vladi volodya wlodzimierz wlodek vladimiro volodia vovka vladko vladimír
vladislav vlad wladyslaw ladislav ladislaus laszlo vladyslav laci wladek slava lada ladislao
vyacheslav slava viacheslav waclaw vaclav wenzel vaclav venceslao wenceslaus wacek wjatscheslaw viatcheslav
waldemar valdemar waldek valdi
walter wally walt gualtiero walther wouter wolter gautier valter
wendy gwendolyn
wilfred wilf fred wilfried wilfredo friedel
wilhelmina mina billie willie minnie wilma helma helmi guillermina minna mientje vilma wilhelmine
william bill billy will willy liam wilhelm willi guillermo memo guglielmo guillaume willem wim vilem vilmos helmut ville pim guillem gulielmo wilem wiliam willie bil
wolfgang wolf wolfi wolferl
xavier xavi javier javi saverio xaver javi xaverio ksawery
yaroslava slava jaroslava
yuri yura yurii yuriy jura
zachary zach zack zachariah zak zacharias
zbigniew zbyszek zbynek
zdzislaw zdzichu zdzich zdenek zdenka
dolores lola loli
chus chusa
chema josemaria
concepcion concha conchita conchi
consuelo chelo
rosario charo
francisca paqui
milagros mila
jesus chuy suso
guadalupe lupe lupita pupe
pilar pili
inmaculada inma
encarnacion encarna
beatriz bea
remedios reme
montserrat montse
asuncion asun
joaquina quina
domenica mimma
raffaella raffa lella
antonella nella lella
gaetano tano
gennaro rino
luciana lucy lu
luciano ciano lucio
benedetto benedict ben benoit benito benedikt bento bengt benoist bendix benedek benedykt
fabian fabien fabiano fabio fabijan
bjorn bjoern bjarne
soren severin soeren
jorgen jorn joergen
kjell kjeld
haakon hakon
gudrun guro
sverre sverri
torsten thorsten thorstein torstein
knut knud kanute
aleksi aleksis alexis alex
bengt benedikt bendt
birgitta gitta britta
gunilla gunnel
gosta gustav
ahmet ahmed ahmad achmed
mustafa mostafa
hasan hassan
huseyin hussein husein hossein
ibrahim abraham ebrahim ibo
ismail ismael ishmael
yusuf joseph yousef youssef
omer omar umar
fatma fatima fatimah fadime
ayse aisha aicha ayesha
zeynep zainab zeinab
hatice khadija hadice
ferenc ferko
istvan isti
jozsef joska
laszlo laci
lajos lali
sandor sanyi
katalin kati
zsuzsanna zsuzsi
ilona ica ilonka
gizella gizi
panagiotis panos takis panayiotis
dimitra demi mimi
evangelos vangelis
evangelia litsa eva
anastasia tasia stasia nastya anastasiia anastazja natasa nastia anastasiya asya
anastasios tasos
athanasios thanasis nasos thanos
spyridon spyros
charalampos babis haris
theodora dora
aikaterini katerina
vasiliki vasso vicky
stavros stavroula
efstathios stathis
galina halina halyna galya hala
lyudmila ludmila lyuda liudmyla mila luda liudmila ludmilla lidmila
nadezhda nadia nadiya nadja nadya nadezda nadine
larisa larysa lora lara
lidia lydia lida lidija lidiia lydie
vera viera wiera vira
polina pauline pola polya apollinaria
aleksey alexei alex lyosha oleksii oleksiy alexey alyosha aleksei alexej alexis oleksij alexi
ruslan rusik
roman roma
anatoly tolya anatolii anatoliy anatol anatole
arkady arkadiy arkadii arkadiusz arek
boris borya borys
gennady gena hennadiy gennadiy hennadii
leonid lyonya
oleg oleh olezhka
pavel pasha
semyon senya
stepan styopa
valery valera valerii valeriy valerij valerio valerius walery
vitaly vitalii vitaliy vitalik vitalij vitali
wojciech wojtek vojtech adalbert bela vojta wojtas
boguslaw bogus
jacek hyacinth jacenty
krystian chrystian
lech leszek
maciej maciek matthias
malwina malina
przemyslaw przemek
radoslaw radek radoslav
slawomir slawek
dariusz darek darius dario
agata agatha agathe
danuta danka danusia
grazyna grazka
iwona yvonne ivonne ivona ivonka iwonka
jolanta jola
justyna justine justina giustina
kinga kunigunde
krystyna krysia
lucyna lucina
renata rena
stanislawa stasia stanislava
teresa renia
wanda vanda
zdenka zdena zdenko
jitka judita
kveta kvetoslava
jarmila jarka
bozena bozenka
milos milosz
miloslav milan
bohumil bohous
oldrich olda
dagmar dasa
hildegard hilde hilda
waltraud traudl traute waltraut
irmgard irma irmi
adelheid heidi heide
friederike rike frieda fritzi frederike federica frederique frederika
hannelore hanne lore
liselotte lilo lotte lieselotte
gabriele gabi
sabine bine sabina sabrina
manfred manni fred manfredo
eberhard ebbo
eckhard ecki eckart ekkehard eckehard eckhart
dietrich dieter dirk didi derek diederik derrick thierry diet
detlef detlev
hartmut harti
heinrich heini
herta hertha
hanspeter hape
hansjurgen hajo hansjoerg hansjorg
karlheinz kalle
gerlinde linde gerda
kunigunde kuni
lorenz lenz
meinhard meinrad meino
ottilie tilly odile otylia
rosalinde linde
roswitha rosi
rupert rupp
thilo tilo till tillmann
tilman till tilmann
wolfram wolf
xaver xaverl
adriaan ad arie adrianus janus
cornelia corrie nel lia nelly conny corinna cokkie kornelia neeltje
egbert bert ebbe
gijsbert gijs bert
hendrika riek henny rika hendrikje
jacoba coba jakoba jakomina
jozefien fien josephina
leendert leen lenard
theodorus theo dorus dirk
wilhelmus wim willem pim
godelieve lieve
pierre pierrot
jeanpierre jp
jeanpaul jp
bernadette berni nadette
emmanuelle manu manuela emanuela manuella
veronique vero
dominique domi
frederique fred
micheline michou michele
odette odile
sylvain silvain silvano
thierry titi
yves yvon ivo yvan ivon
yvette yvonne
solange sol
wei way
li lee lei
xiao hsiao
zhang chang
mei may
jun joon
min mihn
seung sung
hyun hyeon
young yeong yong
jung jeong chung
soo su
yoon yun
"""


def _index() -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for line in _GROUPS.strip().splitlines():
        names = line.split()
        for name in names:
            # A short form of many languages is in many groups; what is rare says more, so all are kept.
            found.setdefault(folded(name), {})[names[0]] = None
    return {name: tuple(groups) for name, groups in found.items()}


_INDEX = _index()


@lru_cache(CACHED)
def name_groups(name: str) -> tuple[str, ...]:
    """Return the groups of a plain given name, by the name they begin with; none for a name unknown."""
    return _INDEX.get(folded(name), ())
