"""Word tables for paraphrase and contradiction: written for the purpose, medicine and biology first."""

from __future__ import annotations

SYNONYMS: tuple[tuple[str, str], ...] = tuple(
    (left.strip(), right.strip())
    for line in """
high blood pressure = hypertension; low blood pressure = hypotension; heart attack = myocardial infarction
kidney = renal; liver = hepatic; heart = cardiac; lung = pulmonary; stomach = gastric; brain = cerebral
red blood cells = erythrocytes; white blood cells = leukocytes; platelets = thrombocytes; nerve cells = neurons
high blood sugar = hyperglycemia; low blood sugar = hypoglycemia; blood sugar = blood glucose; windpipe = trachea
voice box = larynx; collarbone = clavicle; shoulder blade = scapula; kneecap = patella; thighbone = femur
breastbone = sternum; food pipe = esophagus; womb = uterus; belly = abdomen; eardrum = tympanic membrane
fever = raised body temperature; shortness of breath = dyspnea; itching = pruritus; nosebleeds = epistaxis
chest pain = angina; stroke = cerebrovascular accident; cancer = malignancy; tumor = neoplasm; tumors = neoplasms
swelling = edema; bruising = ecchymosis; fainting = syncope; hives = urticaria; hair loss = alopecia
miscarriage = pregnancy loss; newborns = neonates; infants = babies; children = young people
physician = doctor; physicians = doctors; medication = medicine; medications = medicines; drug = medicine
drugs = medicines; illness = sickness; disease = illness; disorder = condition; disorders = conditions
treatment = therapy; treatments = therapies; surgery = an operation; symptoms = complaints; signs = indications
risk = danger; injury = damage; infection = infectious disease; bacteria = bacterial organisms; viruses = viral agents
fat = lipid; fats = lipids; sugar = carbohydrate; enzymes = catalytic proteins; vitamin C = ascorbic acid
vitamin B12 = cobalamin; vitamin D = calciferol; folic acid = folate; sodium chloride = table salt
adrenaline = epinephrine
noradrenaline = norepinephrine; antidiuretic hormone = vasopressin; cell membrane = plasma membrane
water loss = dehydration; bone loss = osteoporosis; life-threatening = potentially fatal; fatal = deadly
severe = serious; mild = slight; rare = uncommon; common = frequent; frequently = often; usually = in most cases
often = frequently; sometimes = in some cases; typically = as a rule; generally = in general; mainly = chiefly
primarily = mostly; rapidly = quickly; gradually = over time; approximately = about; nearly = almost; entire = whole
large = big; small = little; essential = necessary; necessary = required; various = different
many = numerous; several = a number of; begin = start; begins = starts; occur = happen
occurs = happens; affects = strikes; affect = influence; leads to = results in
lead to = result in; results from = arises from; result from = arise from; is caused by = is due to
are caused by = are due to
increases = raises; increase = raise; reduces = lowers; reduce = lower; decreases = lessens; decrease = lessen
prevents = stops; prevent = stop; produces = makes; produce = make; contains = holds; contain = hold; requires = needs
require = need; develops = arises; develop = arise; provides = supplies; provide = supply
damages = harms; damage = harm; detects = finds; detect = find
consists of = is made up of; consist of = are made up of; is composed of = consists of; are composed of = consist of
is located in = lies in; are located in = lie in; is found in = occurs in; are found in = occur in
is known as = is called
are known as = are called; is characterized by = is marked by; is associated with = is linked to
are associated with = are linked to
is responsible for = takes care of; is needed for = is required for
breaks down = degrades; break down = degrade; carries = transports; carry = transport; releases = secretes
release = secrete
absorbs = takes up; absorb = take up
stimulates = triggers; stimulate = trigger; surrounds = encloses
people with = patients with; individuals = people; patients = people with the disease; adults = grown-ups
women = females
men = males; the elderly = older people; in addition to = besides; such as = for example
however = but; therefore = so; due to = because of; prior to = before; following = after
inherited = passed down in families; mutation = genetic change; mutations = genetic changes; gene = stretch of DNA
hormone = chemical messenger; hormones = chemical messengers; immune system = body's defences
antibodies = immunoglobulins
muscle = muscular tissue; tissue = body tissue; blood vessels = vessels of the circulation
urine output = the amount of urine; bowel movement = defecation; weight gain = putting on weight
weight loss = losing weight
vaccination = immunization; side effects = adverse effects; outlook = prognosis; life span = life expectancy
""".strip().splitlines()
    for pair in line.split(";")
    if "=" in pair
    for left, right in [pair.split("=")]
)

# One of each pair contradicts the other in most contexts.
OPPOSITES = """
increase/decrease increases/decreases increased/decreased increasing/decreasing raise/lower raises/lowers higher/lower
high/low elevated/reduced more/less greater/smaller larger/smaller largest/smallest activates/inhibits
activate/inhibit
activated/inhibited stimulates/suppresses stimulate/suppress promotes/prevents promote/prevent
hypertension/hypotension
hyperglycemia/hypoglycemia hyperthyroidism/hypothyroidism hyperkalemia/hypokalemia hypernatremia/hyponatremia
hypertonic/hypotonic hypertrophy/atrophy common/rare benign/malignant positive/negative gain/loss gains/losses
dominant/recessive aerobic/anaerobic sympathetic/parasympathetic fast/slow faster/slower rapid/slow rapidly/slowly
strong/weak strengthens/weakens thick/thin constriction/dilation vasoconstriction/vasodilation contraction/relaxation
contracts/relaxes absorption/secretion acidic/alkaline internal/external inside/outside improves/worsens
improve/worsen
improved/worsened early/late begins/ends presence/absence present/absent always/never many/few often/rarely
usually/rarely
inherited/acquired intrinsic/extrinsic men/women male/female males/females boys/girls longer/shorter long/short
younger/older young/old easily/hardly simple/complex wide/narrow deep/shallow dry/moist active/inactive
voluntary/involuntary soluble/insoluble catabolic/anabolic reversible/irreversible curable/incurable
""".split()

# Never used in training: the kinds of error an evaluation plants to see what carries over.
HELD_OPPOSITES = """
anterior/posterior superior/inferior before/after above/below upper/lower arteries/veins artery/vein acute/chronic
bacteria/viruses bacterial/viral sensory/motor afferent/efferent proximal/distal dorsal/ventral medial/lateral
primary/secondary systolic/diastolic first/last maximum/minimum excess/deficiency maternal/paternal
prokaryotic/eukaryotic prokaryotes/eukaryotes dna/rna plants/animals
""".split()

HELD_QUANTIFIERS = {
    "all": "no",
    "only": "not only",
    "both": "neither of",
    "main": "least important",
    "major": "minor",
    "safe": "unsafe",
    "effective": "ineffective",
    "likely": "unlikely",
    "unlikely": "likely",
    "unnecessary": "necessary",
    "harmless": "harmful",
    "severe": "mild",
    "mild": "severe",
    "normal": "abnormal",
    "healthy": "diseased",
}

# Terms of one kind: a claim that names another of the group about the same relation is a different claim.
KINDS: tuple[tuple[str, ...], ...] = tuple(
    tuple(term.strip() for term in line.split(","))
    for line in """
heart, liver, kidney, lung, spleen, pancreas, stomach, brain, bladder, thyroid, colon, uterus, prostate, ovary, skin
kidneys, lungs, muscles, bones, eyes, ears, joints, nerves, ovaries, testes, tonsils, adrenal glands
sodium, potassium, calcium, magnesium, iron, zinc, phosphorus, chloride, copper, iodine, selenium
insulin, glucagon, cortisol, estrogen, progesterone, testosterone, aldosterone, thyroxine, prolactin, oxytocin
carbohydrates, proteins, lipids, vitamins, minerals, nucleic acids
glucose, fructose, lactose, sucrose, glycogen, starch, cellulose
oxygen, nitrogen, hydrogen, carbon dioxide
mitochondria, ribosomes, lysosomes, nucleus, vacuoles, chloroplasts, peroxisomes, golgi apparatus
fever, headache, nausea, fatigue, cough, vomiting, diarrhea, constipation, dizziness, rash, seizures, jaundice
infants, children, adolescents, adults
neurons, erythrocytes, platelets, macrophages, neutrophils, lymphocytes, fibroblasts, osteoblasts, osteoclasts
diabetes, asthma, cancer, hypertension, stroke, obesity, arthritis, anemia, pneumonia, epilepsy
depression, anxiety, schizophrenia, dementia, autism
bacteria, viruses, fungi, parasites, protozoa
arms, legs, hands, feet, face, neck, chest, abdomen
vitamin a, vitamin c, vitamin d, vitamin e, vitamin k, vitamin b12, folate, niacin, thiamine
dopamine, serotonin, acetylcholine, norepinephrine, glutamate, histamine
meiosis, mitosis, transcription, translation, replication, glycolysis
x-ray, ultrasound, biopsy, blood test, colonoscopy, endoscopy
surgery, chemotherapy, radiation therapy, antibiotics, physical therapy, dialysis
africa, europe, asia, australia, north america
""".strip().splitlines()
    for line in [line]
)

SUFFIXES = tuple(
    """itis osis emia oma ase mycin cillin olol pril statin azole cyte cytes ectomy plasty opathy algia uria penia
phage genic tropin globin estrol cortex ology""".split()
)

CONDITIONS = (
    "in children under five",
    "in people over 65",
    "during pregnancy",
    "in most patients with diabetes",
    "at high altitude",
    "after long exercise",
    "within two days",
    "only in women",
    "in smokers",
    "when it is cold",
    "in the first year of life",
    "after surgery",
)

# A passage that only asks the question leaves both the claim and its opposite open.
DOUBTS = (
    "It is not known whether {s}",
    "Researchers are studying whether {s}",
    "A trial that has not ended yet asks whether {s}",
    "Some people believe, without any test so far, that {s}",
    "No study has examined whether {s}",
    "It has been asked whether {s}",
)

NUMBER_WORDS = "two three four five six seven eight nine ten eleven twelve".split()

# Active singular, active plural, past participle.
VERBS = tuple(
    tuple(line.split("/"))
    for line in """
causes/cause/caused produces/produce/produced inhibits/inhibit/inhibited activates/activate/activated
stimulates/stimulate/stimulated regulates/regulate/regulated controls/control/controlled carries/carry/carried
transmits/transmit/transmitted surrounds/surround/surrounded secretes/secrete/secreted releases/release/released
prevents/prevent/prevented affects/affect/affected protects/protect/protected destroys/destroy/destroyed
synthesizes/synthesize/synthesized absorbs/absorb/absorbed converts/convert/converted blocks/block/blocked
supplies/supply/supplied drains/drain/drained forms/form/formed covers/cover/covered removes/remove/removed
encodes/encode/encoded triggers/trigger/triggered digests/digest/digested replaces/replace/replaced
""".split()
)
