#include "transports/links/link_script.h"

#include <algorithm>

namespace sealift {
namespace {

QString asHex(QByteArrayView bytes) {
  constexpr qsizetype kShown = 48;
  QString text = QString::fromLatin1(bytes.first(std::min(bytes.size(), kShown)).toByteArray().toHex(' '));
  return bytes.size() > kShown ? text + QStringLiteral(" … (%1 bytes)").arg(bytes.size()) : text;
}

}  // namespace

LinkScript& LinkScript::expect(const QByteArray& bytes) {
  steps_.push_back({Kind::Expect, bytes, 0, {}});
  return *this;
}

LinkScript& LinkScript::expectAny(qsizetype count) {
  steps_.push_back({Kind::ExpectAny, {}, count, {}});
  return *this;
}

LinkScript& LinkScript::reply(const QByteArray& bytes) {
  steps_.push_back({Kind::Reply, bytes, 0, {}});
  return *this;
}

LinkScript& LinkScript::silence() {
  steps_.push_back({Kind::Silence, {}, 0, {}});
  return *this;
}

LinkScript& LinkScript::failWith(const Error& error) {
  steps_.push_back({Kind::Fail, {}, 0, error});
  return *this;
}

Status LinkScript::complain(const QString& what) {
  if (complaint_.isEmpty()) {
    complaint_ = what;
  }
  return fail(ErrorCode::ProtocolUnexpected, what);
}

bool LinkScript::takeFailure(Error* error) {
  if (steps_.empty() || steps_.front().kind != Kind::Fail) {
    return false;
  }
  *error = steps_.front().error;
  steps_.pop_front();
  return true;
}

Status LinkScript::takeSent(QByteArrayView bytes, bool whole) {
  if (Error error; takeFailure(&error)) {
    return fail(error);
  }
  sent_.append(bytes);
  while (!bytes.isEmpty()) {
    if (steps_.empty() || (steps_.front().kind != Kind::Expect && steps_.front().kind != Kind::ExpectAny)) {
      return complain(QStringLiteral("The script did not expect: %1.").arg(asHex(bytes)));
    }
    Step& step = steps_.front();
    const qsizetype wanted = step.kind == Kind::Expect ? step.bytes.size() : step.count;
    if (whole && wanted != bytes.size()) {
      return complain(
          QStringLiteral("The script expected a datagram of %1 bytes, not: %2.").arg(wanted).arg(asHex(bytes)));
    }
    const qsizetype count = std::min(wanted, bytes.size());
    if (step.kind == Kind::Expect && QByteArrayView(step.bytes).first(count) != bytes.first(count)) {
      return complain(QStringLiteral("The script expected %1, not: %2.").arg(asHex(step.bytes), asHex(bytes)));
    }
    bytes = bytes.sliced(count);
    if (count == wanted) {
      steps_.pop_front();
    } else if (step.kind == Kind::Expect) {
      step.bytes.remove(0, count);
    } else {
      step.count -= count;
    }
  }
  return {};
}

Result<QByteArray> LinkScript::takeReply(qsizetype maxBytes, bool* timedOut) {
  *timedOut = false;
  if (Error error; takeFailure(&error)) {
    return fail(error);
  }
  if (steps_.empty() || steps_.front().kind != Kind::Reply) {
    if (!steps_.empty() && steps_.front().kind == Kind::Silence) {
      steps_.pop_front();
    }
    *timedOut = true;
    return QByteArray();
  }
  QByteArray& bytes = steps_.front().bytes;
  const QByteArray taken = bytes.left(maxBytes);
  bytes.remove(0, taken.size());
  if (bytes.isEmpty()) {
    steps_.pop_front();
  }
  return taken;
}

}  // namespace sealift
