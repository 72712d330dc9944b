#include "devices/images/delta/suffix_matcher.h"

#include <algorithm>
#include <divsufsort.h>

namespace sealift {

Result<SuffixMatcher> SuffixMatcher::make(QByteArrayView base) {
  SuffixMatcher matcher(base);
  matcher.order_.resize(static_cast<std::size_t>(base.size()));
  const auto* text = reinterpret_cast<const sauchar_t*>(base.data());
  if (!base.isEmpty() && divsufsort(text, matcher.order_.data(), static_cast<saidx_t>(base.size())) != 0) {
    return fail(ErrorCode::Internal, QStringLiteral("There is not enough memory for a delta."));
  }
  return matcher;
}

qsizetype SuffixMatcher::common(std::int32_t suffix, QByteArrayView bytes) const {
  const QByteArrayView there = base_.sliced(suffix);
  const qsizetype most = std::min(there.size(), bytes.size());
  return std::mismatch(there.begin(), there.begin() + most, bytes.begin()).first - there.begin();
}

// The sorted suffixes around the place where `bytes` would stand: one of the two neighbours has the most in common.
SuffixMatcher::Match SuffixMatcher::longest(QByteArrayView bytes) const {
  const auto before = [&](std::int32_t suffix, QByteArrayView wanted) {
    const qsizetype same = common(suffix, wanted);
    const QByteArrayView there = base_.sliced(suffix);
    if (same == wanted.size()) {
      return false;
    }
    return same == there.size() || static_cast<quint8>(there[same]) < static_cast<quint8>(wanted[same]);
  };
  const auto at = std::lower_bound(order_.begin(), order_.end(), bytes, before);
  Match best;
  for (const auto neighbour : {at, at == order_.begin() ? at : at - 1}) {
    if (neighbour != order_.end()) {
      const qsizetype length = common(*neighbour, bytes);
      if (length > best.length) {
        best = {*neighbour, length};
      }
    }
  }
  return best;
}

}  // namespace sealift
