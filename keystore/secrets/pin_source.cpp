#include "keystore/secrets/pin_source.h"

#include "app/base/file_io.h"
#include "keystore/secrets/private_file.h"

namespace sealift {

namespace {

constexpr qint64 kMostPinFileBytes = 4096;

QString kindName(PinKind kind) {
  switch (kind) {
    case PinKind::Passphrase:
      return QStringLiteral("passphrase");
    case PinKind::TokenPin:
      return QStringLiteral("PIN");
    case PinKind::TpmAuth:
      break;
  }
  return QStringLiteral("authorization value");
}

}  // namespace

QString PinRequest::prompt() const {
  QString text =
      QStringLiteral("%1 %2 of %3").arg(isNew ? QStringLiteral("New") : QStringLiteral("The"), kindName(kind), keeper);
  if (lastWasWrong) {
    text.prepend(QStringLiteral("That was wrong. "));
  }
  if (triesLeft) {
    text += *triesLeft == 1 ? QStringLiteral(" (last try before it locks itself)")
                            : QStringLiteral(" (%1 tries left)").arg(*triesLeft);
  } else if (fewTriesLeft) {
    text += QStringLiteral(" (wrong ones were entered before; few tries are left)");
  }
  return text;
}

Result<SecretBytes> NoPinSource::ask(const PinRequest& request) {
  if (request.isNew) {
    return SecretBytes();
  }
  return fail(ErrorCode::KeyPin,
              QStringLiteral("The %1 of %2 is needed and nobody can be asked for it.")
                  .arg(kindName(request.kind), request.keeper),
              QStringLiteral("Run it at a terminal, or give the PIN by a file or the environment."));
}

FixedPinSource::FixedPinSource(const QString& pin) {
  QByteArray bytes = pin.toUtf8();
  pin_ = SecretBytes(QByteArrayView(bytes));
  zeroize(bytes);
}

Result<SecretBytes> FixedPinSource::ask(const PinRequest& /*request*/) {
  return SecretBytes(pin_.view());
}

Result<SecretBytes> EnvironmentPinSource::ask(const PinRequest& request) {
  QByteArray value = qgetenv(variable_.constData());
  if (value.isEmpty() && !request.isNew) {
    return fail(ErrorCode::KeyPin, QStringLiteral("The %1 of %2 is needed, and the environment variable %3 is not set.")
                                       .arg(kindName(request.kind), request.keeper, QString::fromLatin1(variable_)));
  }
  SecretBytes secret{QByteArrayView(value)};
  zeroize(value);
  return secret;
}

Result<SecretBytes> FilePinSource::ask(const PinRequest& request) {
  SEALIFT_CHECK(requirePrivateFile(path_, QStringLiteral("file with the %1").arg(kindName(request.kind))));
  SEALIFT_TRY(QByteArray bytes, readFile(path_, kMostPinFileBytes));
  qsizetype length = bytes.indexOf('\n');
  length = length < 0 ? bytes.size() : length;
  length -= length > 0 && bytes.at(length - 1) == '\r' ? 1 : 0;
  SecretBytes secret(QByteArrayView(bytes).first(length));
  zeroize(bytes);
  if (secret.isEmpty() && !request.isNew) {
    return fail(ErrorCode::KeyPin, QStringLiteral("The first line of %1 is empty; the %2 of %3 should stand there.")
                                       .arg(path_, kindName(request.kind), request.keeper));
  }
  return secret;
}

}  // namespace sealift
