"""What is said around the questions: on the form of an answer, and by whoever reads them aloud on the phone."""

from checklists.rules.questions.asking import say

DAY = say("Day")
TIME = say("Time")
CHOOSE = say("Choose one of the answers.")
SIGNS_LEFT = say("You chose a sign from the list. Choose the answer that goes with it, or take the sign away.")
TIME_LEFT = say("You gave a time at another answer. Choose the answer that goes with it, or take the time away.")
SKIPPED = say("The clocks change at that time. Give a time before or after.")
UNREADABLE = say("Give the day and the time.")

GREETING = say("Hello. This is {practice}. We call about your visit on {at}.")
IDENTITY = say("First, so that we talk to the right person: what is your full name, and when were you born?")
CAREGIVER = say("Who are you? What is the full name of the patient, and when were they born?")
INTRODUCTION = say("Now I have some questions. You may always say: I am not sure.")
READ_LIST = say("I will read a list. Tell me each one that is true for you.")
NOT_YET = say("We will ask you about this from {at} on.")
FAREWELL = say("That is all. If something changes, call us at {phone}. Thank you.")
