// One file on its way to one client: what to send, as an answer to each packet and to each silence. Knows no socket
// and no clock. Sources: RFC 1350 sections 2, 6 and 7; RFC 1123 section 4.2.3.1 (never answer a repeated ACK with the
// data again: "Sorcerer's Apprentice"); RFC 7440 section 4 (windows).
//
// Block numbers have 16 bits and go on from 65535 to 0, as U-Boot and the usual servers do; RFC 1350 leaves it open.
#pragma once

#include "transports/protocols/tftp/tftp_terms.h"

#include <optional>

namespace sealift {

class TftpTransfer {
 public:
  // `file` outlives the transfer.
  TftpTransfer(QByteArrayView file, TftpTerms terms);

  enum class State { Running, Done, GivenUp, Refused };

  // The OACK where options were agreed on, else the first window. May be asked for again until the client has answered.
  QList<QByteArray> begin();
  // What to send because of `packet`; nothing for anything that is not due now.
  QList<QByteArray> take(QByteArrayView packet);
  // What to send again after timeout() without an answer that counts; GivenUp when that was often enough.
  QList<QByteArray> timedOut();

  State state() const { return state_; }
  std::chrono::milliseconds timeout() const { return timeout_; }
  qint64 acknowledgedBytes() const;
  const std::optional<TftpError>& clientError() const { return clientError_; }  // why it was Refused

  static constexpr int kRepeats = 8;

 private:
  QList<QByteArray> acknowledge(quint16 number);
  QList<QByteArray> sendWindow();
  QByteArray block(qint64 index) const;

  QByteArrayView file_;
  TftpTerms terms_;
  qint64 blocks_;            // of the file; the last one is shorter than the others, perhaps empty
  qint64 acknowledged_ = 0;  // blocks, counted from 1 without end
  qint64 sent_ = 0;          // the last block that was sent
  bool awaitsOptions_;       // until the client acknowledges the OACK by ACK 0
  bool rewound_ = false;     // this window was sent again already, so another repeated ACK says nothing new
  int repeats_ = 0;
  std::chrono::milliseconds timeout_;
  State state_ = State::Running;
  std::optional<TftpError> clientError_;
};

}  // namespace sealift
