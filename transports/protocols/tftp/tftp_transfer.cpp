#include "transports/protocols/tftp/tftp_transfer.h"

#include <algorithm>

namespace sealift {
namespace {

constexpr std::chrono::milliseconds kLongestTimeout{8'000};

}  // namespace

TftpTransfer::TftpTransfer(QByteArrayView file, TftpTerms terms)
    : file_(file),
      terms_(std::move(terms)),
      blocks_(file.size() / terms_.blockBytes + 1),  // RFC 1350 section 6: a block below the full size ends the file
      awaitsOptions_(!terms_.acknowledged.isEmpty()),
      timeout_(terms_.timeout) {}

qint64 TftpTransfer::acknowledgedBytes() const {
  return std::min<qint64>(acknowledged_ * terms_.blockBytes, file_.size());
}

QByteArray TftpTransfer::block(qint64 index) const {
  const qint64 at = (index - 1) * terms_.blockBytes;
  return tftpDataPacket(static_cast<quint16>(index & 0xFFFF),
                        file_.sliced(at, std::min<qint64>(terms_.blockBytes, file_.size() - at)));
}

QList<QByteArray> TftpTransfer::sendWindow() {
  QList<QByteArray> packets;
  sent_ = std::min(acknowledged_ + terms_.windowBlocks, blocks_);
  packets.reserve(sent_ - acknowledged_);
  for (qint64 index = acknowledged_ + 1; index <= sent_; ++index) {
    packets << block(index);
  }
  return packets;
}

QList<QByteArray> TftpTransfer::begin() {
  return awaitsOptions_ ? QList<QByteArray>{tftpOptionPacket(terms_.acknowledged)} : sendWindow();
}

QList<QByteArray> TftpTransfer::take(QByteArrayView packet) {
  if (state_ != State::Running) {
    return {};
  }
  if (const std::optional<quint16> number = tftpAcknowledged(packet)) {
    return acknowledge(*number);
  }
  // RFC 1350 section 7: an ERROR ends the transfer and is not answered.
  if ((clientError_ = TftpError::parse(packet))) {
    state_ = State::Refused;
  }
  return {};
}

QList<QByteArray> TftpTransfer::acknowledge(quint16 number) {
  if (awaitsOptions_) {
    if (number != 0) {
      return {};
    }
    awaitsOptions_ = false;
    repeats_ = 0;
    timeout_ = terms_.timeout;
    return sendWindow();
  }
  const auto news = static_cast<quint16>(number - static_cast<quint16>(acknowledged_ & 0xFFFF));
  if (news > sent_ - acknowledged_) {
    return {};  // of long ago, or of what was never sent
  }
  if (news == 0) {
    // With one block in flight: RFC 1123. With more, it says that the window's first block was lost (RFC 7440
    // section 4), or it is a late copy of such: what was sent again once is not sent again for it.
    if (terms_.windowBlocks == 1 || rewound_) {
      return {};
    }
    rewound_ = true;
    return sendWindow();
  }
  acknowledged_ += news;
  rewound_ = acknowledged_ != sent_;  // the rest of the window was lost: the next window begins with it
  repeats_ = 0;
  timeout_ = terms_.timeout;
  if (acknowledged_ == blocks_) {
    state_ = State::Done;
    return {};
  }
  return sendWindow();
}

QList<QByteArray> TftpTransfer::timedOut() {
  if (state_ != State::Running) {
    return {};
  }
  if (++repeats_ > kRepeats) {
    state_ = State::GivenUp;
    return {};
  }
  if (!terms_.isTimeoutFixed) {
    timeout_ = std::min(timeout_ * 2, kLongestTimeout);  // RFC 1123 section 4.2.3.2
  }
  rewound_ = true;
  return begin();
}

}  // namespace sealift
