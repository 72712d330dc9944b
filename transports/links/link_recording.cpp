#include "transports/links/link_recording.h"

#include <QList>

namespace sealift {
namespace {

tl::unexpected<Error> badLine(qsizetype index, const QString& why) {
  return fail(ErrorCode::InvalidArgument, QStringLiteral("Line %1 of the recording %2.").arg(index + 1).arg(why));
}

bool isHex(const QByteArray& text) {
  for (const char c : text) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (!digit) {
      return false;
    }
  }
  return !text.isEmpty() && text.size() % 2 == 0;
}

}  // namespace

QByteArray recordingHeader(RecordingKind kind) {
  return kind == RecordingKind::Bytes ? QByteArrayLiteral("sealift-recording 1 bytes\n")
                                      : QByteArrayLiteral("sealift-recording 1 datagrams\n");
}

QByteArray recordingLine(char direction, QByteArrayView bytes) {
  return QByteArray(1, direction) + ' ' + bytes.toByteArray().toHex() + '\n';
}

Result<LinkScript> scriptFromRecording(const QByteArray& recording, RecordingKind kind) {
  const QList<QByteArray> lines = recording.split('\n');
  if (lines.constFirst() + '\n' != recordingHeader(kind)) {
    return badLine(0, QStringLiteral("is not \"%1\"").arg(QString::fromLatin1(recordingHeader(kind).trimmed())));
  }
  LinkScript script;
  for (qsizetype i = 1; i < lines.size(); ++i) {
    const QByteArray line = lines.at(i).trimmed();
    if (line.isEmpty() || line.startsWith('#')) {
      continue;
    }
    const QByteArray hex = line.mid(1).replace(' ', QByteArray());
    if (!isHex(hex)) {
      return badLine(i, QStringLiteral("has no whole bytes in hex"));
    }
    if (line.startsWith('>')) {
      script.expect(QByteArray::fromHex(hex));
    } else if (line.startsWith('<')) {
      script.reply(QByteArray::fromHex(hex));
    } else {
      return badLine(i, QStringLiteral("begins with neither > nor <"));
    }
  }
  return script;
}

}  // namespace sealift
