#include "transports/protocols/fastboot/fastboot_session.h"

#include <algorithm>

namespace sealift {
namespace {

using Kind = FastbootReply::Kind;

constexpr std::chrono::milliseconds kBeginTime{3'000};
constexpr std::chrono::milliseconds kAnswerTime{5'000};
constexpr std::chrono::milliseconds kAllTime{20'000};
constexpr std::chrono::milliseconds kPrepareTime{30'000};  // some devices clear their memory before a download
constexpr std::chrono::milliseconds kDataTime{60'000};     // of each piece; UDP devices may be silent for a minute
constexpr qsizetype kDataPiece = 1024 * 1024;

Deadline answerWithin(std::chrono::milliseconds time, const QByteArray& command) {
  return Deadline::in(time, QStringLiteral("the device's answer to \"%1\"").arg(fastbootText(command)));
}

bool isPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
         c == '-' || c == ':';
}

Result<QByteArray> makeCommand(const QByteArray& verb, const QByteArray& argument) {
  const QByteArray command = verb + ':' + argument;
  if (argument.isEmpty() || !std::all_of(argument.begin(), argument.end(), isPlain) ||
      command.size() > FastbootSession::kMaxCommand) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("\"%1\" can't be asked of a fastboot device.").arg(fastbootText(command)));
  }
  return command;
}

}  // namespace

tl::unexpected<Error> FastbootSession::endBecause(ErrorCode code, const QString& what) {
  usable_ = false;
  return fail(code, what);
}

Status FastbootSession::begin(const CancelToken& cancel) {
  return guarded(carrier_.begin(Deadline::in(kBeginTime, QStringLiteral("the device's fastboot to answer")), cancel));
}

Result<FastbootReply> FastbootSession::ask(const QByteArray& command, const Deadline& deadline,
                                           const CancelToken& cancel, const HearLine& hear) {
  if (!usable_) {
    return fail(ErrorCode::LinkLost, QStringLiteral("The fastboot session has ended."));
  }
  SEALIFT_CHECK(cancel.check());
  SEALIFT_CHECK(guarded(carrier_.send(command, deadline, cancel)));
  return answer(command, deadline, cancel, hear);
}

// "INFO … should be displayed and then step #2 repeats": but not for ever.
Result<FastbootReply> FastbootSession::answer(const QByteArray& command, const Deadline& deadline,
                                              const CancelToken& cancel, const HearLine& hear) {
  int lines = 0;
  qsizetype bytes = 0;
  for (;;) {
    SEALIFT_TRY(const QByteArray packet, guarded(carrier_.receive(kFastbootMaxReply, deadline, cancel)));
    SEALIFT_TRY(FastbootReply reply, guarded(FastbootReply::parse(packet)));
    if (reply.kind != Kind::Info && reply.kind != Kind::Text) {
      return reply;
    }
    bytes += packet.size();
    if (++lines > kMaxLines || bytes > kMaxLineBytes) {
      return endBecause(
          ErrorCode::ProtocolUnexpected,
          QStringLiteral("The device sent %1 messages and no answer to \"%2\".").arg(lines).arg(fastbootText(command)));
    }
    if (deadline.passed()) {
      usable_ = false;
      return deadline.timeout();
    }
    if (hear) {
      hear(reply);
    } else if (const QString line = fastbootText(reply.text); !line.isEmpty()) {
      tell_(QStringLiteral("Device: %1").arg(line));
    }
  }
}

Status FastbootSession::expectOkay(const QByteArray& command, const FastbootReply& reply) {
  if (reply.kind == Kind::Okay) {
    return {};
  }
  if (reply.kind == Kind::Data) {
    return endBecause(ErrorCode::ProtocolUnexpected,
                      QStringLiteral("The device wants data for \"%1\".").arg(fastbootText(command)));
  }
  const QString words = fastbootText(reply.text);
  return fail(ErrorCode::ProtocolRefused,
              words.isEmpty()
                  ? QStringLiteral("The device refused \"%1\" and did not say why.").arg(fastbootText(command))
                  : QStringLiteral("The device refused \"%1\": \"%2\".").arg(fastbootText(command), words));
}

Status FastbootSession::order(const QByteArray& command, const Deadline& deadline, const CancelToken& cancel) {
  SEALIFT_TRY(const FastbootReply reply, ask(command, deadline, cancel));
  return expectOkay(command, reply);
}

// ---- variables ------------------------------------------------------------------------------------------

Result<std::optional<QByteArray>> FastbootSession::variable(const QByteArray& name, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray command, makeCommand("getvar", name));
  SEALIFT_TRY(const FastbootReply reply, ask(command, answerWithin(kAnswerTime, command), cancel));
  if (reply.kind == Kind::Fail) {
    return std::optional<QByteArray>();
  }
  SEALIFT_CHECK(expectOkay(command, reply));
  const qsizetype end = reply.text.indexOf('\0');
  const QByteArray value = reply.text.left(end < 0 ? reply.text.size() : end).trimmed();
  return value.isEmpty() ? std::optional<QByteArray>() : std::optional(value);
}

Result<QList<std::pair<QByteArray, QByteArray>>> FastbootSession::allVariables(const CancelToken& cancel) {
  const QByteArray command = "getvar:all";
  QList<std::pair<QByteArray, QByteArray>> variables;
  // "name: value"; a name may hold colons itself ("slot-successful:a: yes").
  const auto hear = [&](const FastbootReply& line) {
    const qsizetype colon = line.text.lastIndexOf(": ") >= 0 ? line.text.lastIndexOf(": ") : line.text.lastIndexOf(':');
    if (colon > 0) {
      variables.append({line.text.left(colon).trimmed(), line.text.mid(colon + 1).trimmed()});
    }
  };
  SEALIFT_TRY(const FastbootReply reply, ask(command, answerWithin(kAllTime, command), cancel, hear));
  SEALIFT_CHECK(expectOkay(command, reply));
  return variables;
}

// ---- data -----------------------------------------------------------------------------------------------

Status FastbootSession::download(QByteArrayView data, qint64 from, qint64 total, Progress& progress,
                                 const CancelToken& cancel) {
  if (data.isEmpty() || data.size() > qsizetype{0xFFFFFFFFLL}) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 bytes can't be downloaded.").arg(data.size()));
  }
  const QByteArray command = "download:" + QByteArray::number(data.size(), 16).rightJustified(8, '0');
  SEALIFT_TRY(const FastbootReply reply, ask(command, answerWithin(kPrepareTime, command), cancel));
  if (reply.kind != Kind::Data) {
    SEALIFT_CHECK(expectOkay(command, reply));
    return endBecause(ErrorCode::ProtocolUnexpected,
                      QStringLiteral("The device did not want the data it was offered."));
  }
  if (reply.dataSize != data.size()) {
    return endBecause(ErrorCode::ProtocolUnexpected,
                      QStringLiteral("The device wants %1 bytes instead of %2.").arg(reply.dataSize).arg(data.size()));
  }
  for (qsizetype at = 0; at < data.size();) {
    const qsizetype size = std::min(kDataPiece, data.size() - at);
    SEALIFT_CHECK(guarded(carrier_.sendData(
        data.sliced(at, size), Deadline::in(kDataTime, QStringLiteral("the device to take data")), cancel)));
    at += size;
    progress.setBytes(from + at, total);
  }
  SEALIFT_TRY(const FastbootReply done, answer(command, answerWithin(kDataTime, command), cancel, {}));
  return expectOkay(command, done);
}

Status FastbootSession::fetch(const QByteArray& partition, qint64 offset, qint64 size, const Take& take,
                              const CancelToken& cancel) {
  const auto hex = [](qint64 value) { return "0x" + QByteArray::number(value, 16).rightJustified(8, '0'); };
  SEALIFT_TRY(const QByteArray command, makeCommand("fetch", partition + ':' + hex(offset) + ':' + hex(size)));
  SEALIFT_TRY(const FastbootReply reply, ask(command, answerWithin(kPrepareTime, command), cancel));
  if (reply.kind != Kind::Data) {
    SEALIFT_CHECK(expectOkay(command, reply));
    return endBecause(ErrorCode::ProtocolUnexpected, QStringLiteral("The device sent nothing of the partition."));
  }
  if (reply.dataSize != size) {
    return endBecause(ErrorCode::ProtocolUnexpected,
                      QStringLiteral("The device sends %1 bytes instead of %2.").arg(reply.dataSize).arg(size));
  }
  for (qint64 at = 0; at < size;) {
    SEALIFT_TRY(const QByteArray part,
                guarded(carrier_.receiveData(std::min<qint64>(kDataPiece, size - at),
                                             Deadline::in(kDataTime, QStringLiteral("data of the device")), cancel)));
    SEALIFT_CHECK(guarded(take(offset + at, part)));
    at += part.size();
  }
  SEALIFT_TRY(const FastbootReply done, answer(command, answerWithin(kAnswerTime, command), cancel, {}));
  return expectOkay(command, done);
}

Status FastbootSession::flash(const QByteArray& partition, std::chrono::milliseconds time, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray command, makeCommand("flash", partition));
  return order(command, answerWithin(time, command), cancel);
}

Status FastbootSession::erase(const QByteArray& partition, std::chrono::milliseconds time, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray command, makeCommand("erase", partition));
  return order(command, answerWithin(time, command), cancel);
}

Status FastbootSession::setActive(const QByteArray& slot, const CancelToken& cancel) {
  SEALIFT_TRY(const QByteArray command, makeCommand("set_active", slot));
  return order(command, answerWithin(kAnswerTime, command), cancel);
}

Status FastbootSession::leaveBy(const QByteArray& command, const CancelToken& cancel) {
  const Status left = order(command, answerWithin(kAnswerTime, command), cancel);
  left_ = left || left.error().code == ErrorCode::LinkLost;
  usable_ = usable_ && !left && left.error().code == ErrorCode::ProtocolRefused;
  return left;
}

}  // namespace sealift
