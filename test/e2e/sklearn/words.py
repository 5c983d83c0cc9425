"""CountVectorizer with MultinomialNB and LogisticRegression: the vocabulary, and log-probabilities of other texts."""
import json
import sys

from scipy.special import log_softmax
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB

given = json.load(open(sys.argv[1]))
vectorizer = CountVectorizer(min_df=given["minTexts"])
counts = vectorizer.fit_transform(given["texts"])
asked = vectorizer.transform(given["asked"])
bayes = MultinomialNB(alpha=given["alpha"], fit_prior=given["fitPrior"]).fit(counts, given["labels"])
logistic = LogisticRegression(C=given["c"], tol=1e-10, max_iter=10_000).fit(counts, given["labels"])
json.dump(
    {
        "vocabulary": sorted(vectorizer.vocabulary_),
        "classes": bayes.classes_.tolist(),
        "bayesLog": bayes.predict_log_proba(asked).tolist(),
        "logistic": log_softmax(logistic.decision_function(asked), axis=1).tolist(),
    },
    open(sys.argv[2], "w"),
)
