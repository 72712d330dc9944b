// A fingerprint in words that two people can compare by telephone: one word a byte, from two lists in turn, so that a
// word that was left out, doubled or swapped is noticed.
// Source: the PGP word list, P. Juola and P. Zimmermann, "Whole-Word Phonetic Distances and the PGPfone Alphabet",
// ICSLP 1996: 256 words of two syllables for bytes at even places (from 0), 256 of three for those at odd places.
#pragma once

#include <QString>
#include <QStringList>

namespace sealift::tuf {

// `fingerprint`: hex digits. Thirty-two words for a SHA-256.
QStringList fingerprintWords(const QString& fingerprint);

}  // namespace sealift::tuf
