#include "devices/images/delta/suffix_delta.h"

#include "devices/images/delta/packed_stream.h"
#include "devices/images/delta/suffix_matcher.h"

#include <algorithm>
#include <array>

namespace sealift {
namespace {

// A new alignment has to explain so many bytes more than the one before, which costs nothing to keep.
constexpr qsizetype kWorthMoving = 8;
// An instruction is at most this long; an honest delta has far fewer instructions than bytes.
constexpr int kMostInstructionBytes = 27;

quint64 zigzag(qint64 value) {
  const quint64 doubled = static_cast<quint64>(value) << 1;
  return value < 0 ? ~doubled : doubled;
}

qint64 unzigzag(quint64 value) {
  const auto half = static_cast<qint64>(value >> 1);
  return (value & 1) != 0 ? ~half : half;
}

class Maker {
 public:
  Maker(QByteArrayView base, QByteArrayView result, const SuffixMatcher& matcher)
      : base_(base), result_(result), matcher_(matcher) {}

  Result<QByteArray> make(const CancelToken& cancel) {
    qsizetype at = 0;  // where the next alignment begins to be better
    while (at < result_.size()) {
      SEALIFT_CHECK(cancel.check());
      SEALIFT_TRY(const bool found, findBetter(at, cancel));
      if (found || at >= result_.size()) {
        tell(at);
      }
    }
    return packStream(instructions_) + packStream(differences_) + packStream(inserted_);
  }

 private:
  bool agree(qsizetype inResult, qsizetype inBase) const {
    return inBase >= 0 && inBase < base_.size() && base_[inBase] == result_[inResult];
  }

  // Moves `at` on until a match there explains clearly more than the alignment that holds; false when the two are the
  // same, and the search goes on behind the match.
  Result<bool> findBetter(qsizetype& at, const CancelToken& cancel) {
    const qsizetype shift = toldBase_ - told_;  // of the alignment that holds
    qsizetype explained = 0;                    // by it, in the match at `at`
    qsizetype counted = at += match_.length;
    match_.length = 0;
    for (; at < result_.size(); ++at) {
      if ((at & 0xFFFF) == 0) {
        SEALIFT_CHECK(cancel.check());
      }
      match_ = matcher_.longest(result_.sliced(at));
      for (; counted < at + match_.length; ++counted) {
        explained += agree(counted, counted + shift) ? 1 : 0;
      }
      if (match_.length > 0 && match_.length == explained) {
        return false;
      }
      if (match_.length > explained + kWorthMoving) {
        return true;
      }
      explained -= agree(at, at + shift) ? 1 : 0;
    }
    match_ = {};
    return true;
  }

  // Everything up to the match at `at`: how far the old alignment reaches forward, how far the new one backward, and
  // where one takes over from the other.
  void tell(qsizetype at) {
    const bool last = at >= result_.size();
    qsizetype forward = reachForward(at);
    qsizetype backward = last ? 0 : reachBackward(at);
    if (const qsizetype overlap = told_ + forward - (at - backward); overlap > 0) {
      const qsizetype keep = bestBorder(forward, backward, overlap);
      forward += keep - overlap;
      backward -= keep;
    }
    const qsizetype end = last ? result_.size() : at - backward;
    const qsizetype newBase = last ? toldBase_ + forward : match_.at - backward;
    for (qsizetype i = 0; i < forward; ++i) {
      differences_.append(static_cast<char>(result_[told_ + i] - base_[toldBase_ + i]));
    }
    inserted_.append(result_.sliced(told_ + forward, end - told_ - forward));
    appendVarint(instructions_, static_cast<quint64>(forward));
    appendVarint(instructions_, static_cast<quint64>(end - told_ - forward));
    appendVarint(instructions_, zigzag(newBase - (toldBase_ + forward)));
    told_ = end;
    toldBase_ = newBase;
  }

  // The length at which most bytes agree and fewest do not.
  qsizetype reachForward(qsizetype at) const {
    qsizetype best = 0;
    qsizetype bestScore = 0;
    qsizetype agreed = 0;
    for (qsizetype i = 0; told_ + i < at && toldBase_ + i < base_.size();) {
      agreed += agree(told_ + i, toldBase_ + i) ? 1 : 0;
      ++i;
      if (2 * agreed - i > bestScore) {
        bestScore = 2 * agreed - i;
        best = i;
      }
    }
    return best;
  }
  qsizetype reachBackward(qsizetype at) const {
    qsizetype best = 0;
    qsizetype bestScore = 0;
    qsizetype agreed = 0;
    for (qsizetype i = 1; at - i >= told_ && match_.at - i >= 0; ++i) {
      agreed += agree(at - i, match_.at - i) ? 1 : 0;
      if (2 * agreed - i > bestScore) {
        bestScore = 2 * agreed - i;
        best = i;
      }
    }
    return best;
  }
  // Of the overlap, how much the old alignment keeps.
  qsizetype bestBorder(qsizetype forward, qsizetype backward, qsizetype overlap) const {
    qsizetype best = 0;
    qsizetype bestScore = 0;
    qsizetype score = 0;
    for (qsizetype i = 0; i < overlap; ++i) {
      const qsizetype inResult = told_ + forward - overlap + i;
      score += agree(inResult, toldBase_ + forward - overlap + i) ? 1 : 0;
      score -= agree(inResult, match_.at - backward + i) ? 1 : 0;
      if (score > bestScore) {
        bestScore = score;
        best = i + 1;
      }
    }
    return best;
  }

  const QByteArrayView base_;
  const QByteArrayView result_;
  const SuffixMatcher& matcher_;
  SuffixMatcher::Match match_;
  qsizetype told_ = 0;      // the result up to here
  qsizetype toldBase_ = 0;  // where the alignment that holds is in the base then
  QByteArray instructions_;
  QByteArray differences_;
  QByteArray inserted_;
};

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::ImageMalformed, QStringLiteral("The delta is damaged, or belongs to another image."));
}

}  // namespace

Result<QByteArray> makeSuffixDelta(QByteArrayView base, QByteArrayView result, const CancelToken& cancel) {
  SEALIFT_TRY(const SuffixMatcher matcher, SuffixMatcher::make(base));
  return Maker(base, result, matcher).make(cancel);
}

Result<QByteArray> applySuffixDelta(QByteArrayView base, QByteArrayView delta, qint64 resultBytes,
                                    const CancelToken& cancel) {
  ByteReader reader(delta);
  SEALIFT_TRY(PackedStreamReader instructionStream,
              PackedStreamReader::open(reader, (resultBytes + 1) * kMostInstructionBytes));
  SEALIFT_TRY(PackedStreamReader differences, PackedStreamReader::open(reader, resultBytes));
  SEALIFT_TRY(PackedStreamReader inserted, PackedStreamReader::open(reader, resultBytes));
  if (reader.remaining() != 0 || differences.rawLeft() + inserted.rawLeft() != resultBytes) {
    return damaged();
  }
  QByteArray result(resultBytes, Qt::Uninitialized);
  qint64 at = 0;
  qint64 inBase = 0;
  while (at < resultBytes) {
    SEALIFT_CHECK(cancel.check());
    std::array<quint64, 3> numbers{};
    for (quint64& number : numbers) {
      SEALIFT_TRY(number, instructionStream.readVarint());
    }
    const auto left = static_cast<quint64>(resultBytes - at);
    const auto [add, insert, move] = numbers;
    if (add > left || insert > left - add || inBase < 0 || inBase > base.size() ||
        add > static_cast<quint64>(base.size() - inBase) || (add == 0 && insert == 0 && move == 0)) {
      return damaged();
    }
    SEALIFT_CHECK(differences.read(result.data() + at, static_cast<qsizetype>(add)));
    for (qsizetype i = 0; i < static_cast<qsizetype>(add); ++i) {
      result[at + i] = static_cast<char>(result[at + i] + base[inBase + i]);
    }
    at += static_cast<qint64>(add);
    SEALIFT_CHECK(inserted.read(result.data() + at, static_cast<qsizetype>(insert)));
    at += static_cast<qint64>(insert);
    const qint64 distance = unzigzag(move);
    if (distance > base.size() || distance < -base.size()) {
      return damaged();
    }
    inBase += static_cast<qint64>(add) + distance;
  }
  return result;
}

}  // namespace sealift
