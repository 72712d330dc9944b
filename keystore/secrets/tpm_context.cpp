#include "keystore/secrets/tpm_context.h"

#include <QMap>

#include <openssl/err.h>
#include <openssl/provider.h>

namespace sealift {

namespace {

const char* const kTctiVariable = "TPM2OPENSSL_TCTI";

struct MeaningRow {
  const char* text;  // as tss2-rc decodes the TPM's response code
  ErrorCode code;
  const char* meaning;
};
constexpr MeaningRow kMeanings[] = {
    {"in DA lockout mode", ErrorCode::KeyLocked, "the TPM locked itself after too many wrong authorization values"},
    {"the authorization HMAC check failed", ErrorCode::KeyPin, "the authorization value is wrong"},
    {"authorization failure without DA implications", ErrorCode::KeyPin, "the authorization value is wrong"},
    {"integrity check failed", ErrorCode::CryptoKey, "another TPM made the key, or this one was cleared since"},
    {"the handle is not correct for the use", ErrorCode::NotFound, "the TPM has no key at this handle"},
    {"tcti:", ErrorCode::KeyAbsent, "the connection to the TPM is broken"},
    {"cannot connect", ErrorCode::KeyAbsent, "the TPM can't be reached"},
};

// The newest error first; the provider's own reason and the TPM's response stand in it.
QStringList takeErrors() {
  QStringList lines;
  const char* data = nullptr;
  int flags = 0;
  while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
    const char* reason = ERR_reason_error_string(code);
    lines.prepend(QString::fromUtf8(reason != nullptr ? reason : "") + QStringLiteral(": ") +
                  QString::fromUtf8((flags & ERR_TXT_STRING) != 0 ? data : ""));
  }
  return lines;
}

// tpm2-openssl 1.1 reads where the TPM is from the environment when it is loaded, and from nowhere else (its setting
// "tcti" in OpenSSL's configuration has no effect). Qt's lock keeps its own readers apart.
class TctiInEnvironment {
 public:
  explicit TctiInEnvironment(const QString& tcti) : set_(!tcti.isEmpty()), before_(qgetenv(kTctiVariable)) {
    if (set_) {
      qputenv(kTctiVariable, tcti.toUtf8());
    }
  }
  ~TctiInEnvironment() {
    if (set_ && before_.isEmpty()) {
      qunsetenv(kTctiVariable);
    } else if (set_) {
      qputenv(kTctiVariable, before_);
    }
  }
  TctiInEnvironment(const TctiInEnvironment&) = delete;
  TctiInEnvironment& operator=(const TctiInEnvironment&) = delete;

 private:
  bool set_;
  QByteArray before_;
};

struct OpenContexts {
  std::mutex mutex;
  QMap<QString, std::weak_ptr<TpmContext>> byTcti;
};

OpenContexts& openContexts() {
  static OpenContexts contexts;
  return contexts;
}

}  // namespace

Error tpmError(const QString& doing) {
  const QStringList lines = takeErrors();
  for (const MeaningRow& row : kMeanings) {
    for (const QString& line : lines) {
      if (line.contains(QLatin1String(row.text))) {
        return makeError(row.code, QStringLiteral("%1 failed: %2.").arg(doing, QString::fromUtf8(row.meaning)));
      }
    }
  }
  return makeError(
      ErrorCode::CryptoFailure,
      QStringLiteral("%1 failed (%2).").arg(doing, lines.isEmpty() ? QStringLiteral("no reason given") : lines.first()),
      QStringLiteral("Check that this TPM has the algorithm; \"tpm2_getcap algorithms\" lists them."));
}

Status TpmContext::loadProviders(const QString& tcti) {
  const TctiInEnvironment environment(tcti);
  // tss2 writes to the error stream by itself; what it has to say arrives in the errors, too.
  if (!qEnvironmentVariableIsSet("TSS2_LOG")) {
    qputenv("TSS2_LOG", "all+NONE");
  }
  ERR_clear_error();
  if (OSSL_PROVIDER_load(library_, "default") != nullptr && OSSL_PROVIDER_load(library_, "tpm2") != nullptr) {
    return {};
  }
  const QStringList lines = takeErrors();
  const bool missing = std::any_of(lines.begin(), lines.end(), [](const QString& line) {
    return line.contains(QLatin1String("could not load the shared library"));
  });
  if (missing) {
    return fail(ErrorCode::NotSupported, QStringLiteral("OpenSSL's provider for TPMs is not installed here."),
                QStringLiteral("Install the package tpm2-openssl."));
  }
  return fail(ErrorCode::KeyAbsent,
              QStringLiteral("The TPM can't be reached%1.")
                  .arg(tcti.isEmpty() ? QString() : QStringLiteral(" at \"%1\"").arg(tcti)),
              QStringLiteral("Check that it is enabled in the firmware and that you may use it (group tss), or say "
                             "where it is with ?tcti=… in the key's address or TPM2OPENSSL_TCTI."));
}

Result<std::shared_ptr<TpmContext>> TpmContext::open(const QString& tcti) {
  OpenContexts& all = openContexts();
  const std::lock_guard lock(all.mutex);
  if (std::shared_ptr<TpmContext> shared = all.byTcti.value(tcti).lock()) {
    return shared;
  }
  std::shared_ptr<TpmContext> made(new TpmContext(OSSL_LIB_CTX_new()));
  SEALIFT_CHECK(made->loadProviders(tcti));
  all.byTcti.insert(tcti, made);
  return made;
}

bool TpmContext::isOpen(const QString& tcti) {
  OpenContexts& all = openContexts();
  const std::lock_guard lock(all.mutex);
  return !all.byTcti.value(tcti).expired();
}

TpmContext::~TpmContext() {
  OSSL_LIB_CTX_free(library_);
}

}  // namespace sealift
