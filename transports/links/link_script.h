// What a scripted link expects to be sent and what it answers, step by step.
//
// Nothing here waits: a read for which the script has nothing runs into its deadline at once, so
// that tests of timeouts take no time and depend on no clock.
#pragma once

#include "app/base/result.h"

#include <QByteArray>
#include <QByteArrayView>

#include <deque>

namespace sealift {

class LinkScript {
 public:
  // The program under test must send exactly these bytes next (byte links: in any division; datagrams: one each).
  LinkScript& expect(const QByteArray& bytes);
  // It must send this many bytes, whatever they are.
  LinkScript& expectAny(qsizetype count);
  // It gets these bytes (this datagram) once everything expected before was sent.
  LinkScript& reply(const QByteArray& bytes);
  // The read that comes here runs into its deadline once, although more replies follow.
  LinkScript& silence();
  // The next read or write returns this error; the script then goes on.
  LinkScript& failWith(const Error& error);

  // True when every step was taken.
  bool finished() const { return steps_.empty(); }
  // What was sent that the script did not expect; empty when all was well.
  const QString& complaint() const { return complaint_; }
  // Everything that was sent, for tests that judge it themselves.
  const QByteArray& sent() const { return sent_; }

 private:
  friend class ScriptedByteLink;
  friend class ScriptedDatagramLink;

  enum class Kind { Expect, ExpectAny, Reply, Silence, Fail };
  struct Step {
    Kind kind;
    QByteArray bytes;
    qsizetype count = 0;
    Error error;
  };

  Status takeSent(QByteArrayView bytes, bool whole);
  // The next reply, at most maxBytes of it (the rest stays); `timedOut` when the script has none.
  Result<QByteArray> takeReply(qsizetype maxBytes, bool* timedOut);
  Status complain(const QString& what);
  bool takeFailure(Error* error);

  std::deque<Step> steps_;
  QByteArray sent_;
  QString complaint_;
};

}  // namespace sealift
