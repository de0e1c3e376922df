"""The infection questions of the shipped protocols in plain words, by their full text.

By the text and not by the key: a practice that changes a question must not be read our words for the old one.
"""

from checklists.rules.questions.asking import say

FEVER = "fever"  # a patient must be able to say it, also where the protocol does not ask

PLAIN = {
    "A fever in the last 48 hours?": say("A fever"),
    "Chills, shaking or night sweats in the last 48 hours?": say("Chills, shaking, or night sweats in the last 2 days"),
    "A new cough, sore throat, runny nose, aching body or short breath in the last 48 hours?": say(
        "A new cough, sore throat, runny nose, aches, or short breath in the last 2 days"
    ),
    "A positive COVID-19 test within the last 14 days?": say("A COVID test in the last 14 days that was positive"),
    "A positive COVID-19 test 15 to 49 days ago?": say("A COVID test 15 to 49 days ago that was positive"),
    "A positive COVID-19 test more than 49 days ago, and still unwell from it?": say(
        "COVID more than 49 days ago, and you still feel sick from it"
    ),
    "Influenza, RSV or another virus in the last 14 days, and not yet both better and 24 hours without fever or "
    "fever medicine?": say(
        "The flu, RSV, or other virus in the last 14 days. You still feel sick, or had a fever or took a pill for it "
        "in the last day"
    ),
    "Influenza, RSV or another virus that has been better, without fever or fever medicine, for less than 7 days?": say(
        "The flu, RSV, or other virus that got better in the last 7 days"
    ),
    "Burning or other trouble passing urine, or a known urine infection, in the last 7 days?": say(
        "Pain or trouble when you pee, or a urine infection, in the last 7 days"
    ),
    "Taking an antibiotic for an infection at present?": say("You take an antibiotic now for an infection"),
    "Taking an antibiotic for a long time, to prevent or hold down an infection?": say(
        "You take an antibiotic for a long time so that an infection does not start or come back"
    ),
    "An antibiotic course that ended less than 7 days ago?": say("You finished an antibiotic in the last 7 days"),
    "A skin infection, foot ulcer or dental abscess anywhere?": say(
        "A skin infection, an open sore on a foot, or a bad tooth with pus"
    ),
    "An old wound that does not heal and is not infected?": say("An old wound that does not heal"),
    "Vomiting or diarrhoea in the last 48 hours?": say("You threw up or had loose stools in the last 2 days"),
    "New weakness or numbness, or fever together with worse back pain, in the last 7 days?": say(
        "New weak or numb legs or arms, or a fever with worse back pain, in the last 7 days"
    ),
    "A vaccine in the last 48 hours?": say("A shot (vaccine) in the last 2 days"),
    "Somebody at home with COVID-19 or influenza in the last 7 days, without symptoms of your own?": say(
        "Someone in your home had COVID or the flu in the last 7 days, and you feel fine"
    ),
}
