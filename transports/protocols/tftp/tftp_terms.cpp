#include "transports/protocols/tftp/tftp_terms.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace sealift {
namespace {

constexpr qsizetype kMaxDigits = 10;
constexpr qint64 kMostTimeoutSeconds = 255;  // RFC 2349

// A decimal number in ASCII, as RFC 2347 has all values; nothing else, not even a sign.
std::optional<qint64> number(const QByteArray& text) {
  const bool digits = !text.isEmpty() && text.size() <= kMaxDigits &&
                      std::all_of(text.cbegin(), text.cend(), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? std::optional(text.toLongLong()) : std::nullopt;
}

}  // namespace

TftpTerms TftpTerms::agree(const QList<TftpOption>& asked, qint64 fileBytes) {
  TftpTerms terms;
  const auto acknowledge = [&terms](const TftpOption& option, qint64 value) {
    terms.acknowledged << TftpOption{option.name, QByteArray::number(value)};
  };
  for (const TftpOption& option : asked) {
    const std::optional<qint64> value = number(option.value);
    if (!value) {
      continue;
    }
    if (option.name == "blksize" && *value >= kLeastBlockBytes) {
      terms.blockBytes = std::min<qint64>(*value, kMostBlockBytes);
      acknowledge(option, terms.blockBytes);
    } else if (option.name == "windowsize" && *value >= 1) {
      terms.windowBlocks = static_cast<int>(std::min<qint64>(*value, kMostWindowBlocks));
      acknowledge(option, terms.windowBlocks);
    } else if (option.name == "timeout" && *value >= 1 && *value <= kMostTimeoutSeconds) {
      // RFC 2349: the very value, or none.
      terms.timeout = std::chrono::seconds(*value);
      terms.isTimeoutFixed = true;
      acknowledge(option, *value);
    } else if (option.name == "tsize") {
      acknowledge(option, fileBytes);  // the client's own value is 0 and means "tell me"
    }
  }
  return terms;
}

}  // namespace sealift
