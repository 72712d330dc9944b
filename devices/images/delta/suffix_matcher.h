// Where bytes occur in a base, by its suffix array (libdivsufsort).
#pragma once

#include "app/base/result.h"

#include <QByteArrayView>

#include <cstdint>
#include <vector>

namespace sealift {

class SuffixMatcher {
 public:
  struct Match {
    qsizetype at = 0;  // in the base
    qsizetype length = 0;
  };

  // `base` outlives it; below 2 GiB. Takes four bytes for each of the base. Errors: Internal (memory).
  static Result<SuffixMatcher> make(QByteArrayView base);

  // The longest beginning of `bytes` that occurs in the base.
  Match longest(QByteArrayView bytes) const;

 private:
  explicit SuffixMatcher(QByteArrayView base) : base_(base) {}
  qsizetype common(std::int32_t suffix, QByteArrayView bytes) const;

  QByteArrayView base_;
  std::vector<std::int32_t> order_;  // beginnings of the suffixes, sorted by the suffixes
};

}  // namespace sealift
