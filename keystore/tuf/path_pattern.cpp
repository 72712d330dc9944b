#include "keystore/tuf/path_pattern.h"

#include <QList>
#include <QStringView>

#include <algorithm>

namespace sealift::tuf {

namespace {

struct Set {
  qsizetype end = 0;  // the index behind its ']'; 0: this is no set
  bool holds = false;
};

// The set that begins with the '[' at `at`. A ']' right at its beginning belongs to it (glob(7)).
Set readSet(QStringView pattern, qsizetype at, QChar c) {
  qsizetype i = at + 1;
  const bool isNegated = i < pattern.size() && pattern[i] == QLatin1Char('!');
  i += isNegated ? 1 : 0;
  const qsizetype first = i;
  bool isListed = false;
  for (; i < pattern.size() && (i == first || pattern[i] != QLatin1Char(']')); ++i) {
    const bool isRange =
        i + 2 < pattern.size() && pattern[i + 1] == QLatin1Char('-') && pattern[i + 2] != QLatin1Char(']');
    isListed = isListed || (isRange ? c >= pattern[i] && c <= pattern[i + 2] : c == pattern[i]);
    i += isRange ? 2 : 0;
  }
  return i < pattern.size() ? Set{i + 1, isListed != isNegated} : Set{};
}

// Where the pattern goes on when its element at `at` stands for `c`; -1 when it does not.
qsizetype stepOver(QStringView pattern, qsizetype at, QChar c) {
  if (pattern[at] == QLatin1Char('?')) {
    return at + 1;
  }
  if (pattern[at] == QLatin1Char('[')) {
    const Set set = readSet(pattern, at, c);
    if (set.end > 0) {
      return set.holds ? set.end : -1;
    }
  }
  return pattern[at] == c ? at + 1 : -1;
}

// Greedy with one point to return to: the last '*' and where its text ended.
bool matchesPart(QStringView pattern, QStringView text) {
  qsizetype p = 0;
  qsizetype t = 0;
  qsizetype starAt = -1;
  qsizetype starText = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == QLatin1Char('*')) {
      starAt = p++;
      starText = t;
      continue;
    }
    const qsizetype next = p < pattern.size() ? stepOver(pattern, p, text[t]) : -1;
    if (next >= 0) {
      p = next;
      ++t;
    } else if (starAt >= 0) {
      p = starAt + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  return std::all_of(pattern.begin() + p, pattern.end(), [](QChar c) { return c == QLatin1Char('*'); });
}

}  // namespace

bool matchesPathPattern(const QString& pattern, const QString& path) {
  const QList<QStringView> patternParts = QStringView(pattern).split(QLatin1Char('/'));
  const QList<QStringView> pathParts = QStringView(path).split(QLatin1Char('/'));
  return std::equal(patternParts.begin(), patternParts.end(), pathParts.begin(), pathParts.end(), matchesPart);
}

}  // namespace sealift::tuf
