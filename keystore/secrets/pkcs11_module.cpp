#include "keystore/secrets/pkcs11_module.h"

#include <QFileInfo>

namespace sealift {

namespace {

struct ReturnRow {
  CK_RV value;
  ErrorCode code;
  const char* meaning;
};
constexpr ReturnRow kReturns[] = {
    {CKR_PIN_INCORRECT, ErrorCode::KeyPin, "the PIN is wrong"},
    {CKR_PIN_INVALID, ErrorCode::KeyPin, "the PIN has characters that the token does not take"},
    {CKR_PIN_LEN_RANGE, ErrorCode::KeyPin, "the PIN is too short or too long for the token"},
    {CKR_PIN_EXPIRED, ErrorCode::KeyPin, "the PIN has expired and must be changed with the token's own tool"},
    {CKR_USER_PIN_NOT_INITIALIZED, ErrorCode::KeyPin, "the token has no user PIN yet"},
    {CKR_USER_NOT_LOGGED_IN, ErrorCode::KeyPin, "the token wants its PIN"},
    {CKR_FUNCTION_CANCELED, ErrorCode::Cancelled, "it was cancelled at the token"},
    {CKR_PIN_LOCKED, ErrorCode::KeyLocked, "the PIN is locked after too many wrong tries"},
    {CKR_TOKEN_NOT_PRESENT, ErrorCode::KeyAbsent, "the token is not there"},
    {CKR_TOKEN_NOT_RECOGNIZED, ErrorCode::KeyAbsent, "the token is not recognised"},
    {CKR_DEVICE_REMOVED, ErrorCode::KeyAbsent, "the token was removed"},
    {CKR_DEVICE_ERROR, ErrorCode::KeyAbsent, "the token has a fault or was removed"},
    {CKR_SLOT_ID_INVALID, ErrorCode::KeyAbsent, "its slot is gone"},
    {CKR_SESSION_HANDLE_INVALID, ErrorCode::KeyAbsent, "the token ended the session"},
    {CKR_SESSION_CLOSED, ErrorCode::KeyAbsent, "the token ended the session"},
    {CKR_OBJECT_HANDLE_INVALID, ErrorCode::KeyAbsent, "the key is gone"},
    {CKR_KEY_HANDLE_INVALID, ErrorCode::KeyAbsent, "the key is gone"},
    {CKR_CRYPTOKI_NOT_INITIALIZED, ErrorCode::KeyAbsent, "the module was ended"},
    {CKR_TOKEN_WRITE_PROTECTED, ErrorCode::NotSupported, "the token is write-protected"},
    {CKR_MECHANISM_INVALID, ErrorCode::NotSupported, "the token does not have this algorithm"},
    {CKR_MECHANISM_PARAM_INVALID, ErrorCode::NotSupported, "the token does not have this variant of the algorithm"},
    {CKR_CURVE_NOT_SUPPORTED, ErrorCode::NotSupported, "the token does not have this curve"},
    {CKR_KEY_SIZE_RANGE, ErrorCode::NotSupported, "the token does not have keys of this size"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, ErrorCode::CryptoKey, "the key is not meant to sign"},
    {CKR_KEY_TYPE_INCONSISTENT, ErrorCode::CryptoKey, "the key is of another type"},
};

QString fileName(CK_FUNCTION_LIST* module) {
  char* name = p11_kit_module_get_filename(module);
  const QString text = QString::fromLocal8Bit(name);
  free(name);
  return text;
}

// p11_kit_message is per thread: why the last call of p11-kit failed.
QString lastMessage() {
  const char* message = p11_kit_message();
  return message != nullptr ? QString::fromLocal8Bit(message) : QStringLiteral("no reason given");
}

tl::unexpected<Error> cantLoad(const QString& module) {
  return fail(ErrorCode::KeyAbsent,
              QStringLiteral("The PKCS#11 module %1 can't be used: %2.").arg(module, lastMessage()),
              QStringLiteral("Install the token's driver, or correct module-path or module-name in the address."));
}

Result<CK_FUNCTION_LIST*> loadFile(const QString& path) {
  CK_FUNCTION_LIST* module = p11_kit_module_load(QFile::encodeName(path).constData(), 0);
  if (module == nullptr || p11_kit_module_initialize(module) != CKR_OK) {
    const auto error = cantLoad(path);
    if (module != nullptr) {
      p11_kit_module_release(module);
    }
    return error;
  }
  return module;
}

// RFC 7512, 2.3: module-name is the library's name without prefix and suffix.
bool hasName(CK_FUNCTION_LIST* module, const QString& name) {
  char* configured = p11_kit_module_get_name(module);
  const bool same = configured != nullptr && QString::fromLocal8Bit(configured) == name;
  free(configured);
  const QString base = QFileInfo(fileName(module)).completeBaseName();
  return same || base == name || base == QStringLiteral("lib") + name;
}

}  // namespace

Error pkcs11Error(CK_RV value, const QString& doing) {
  for (const ReturnRow& row : kReturns) {
    if (row.value == value) {
      return makeError(row.code, QStringLiteral("%1 failed: %2.").arg(doing, QString::fromLatin1(row.meaning)));
    }
  }
  return makeError(ErrorCode::CryptoFailure,
                   QStringLiteral("%1 failed: %2 (PKCS#11 return value 0x%3).")
                       .arg(doing, QString::fromUtf8(p11_kit_strerror(value)))
                       .arg(value, 0, 16),
                   QStringLiteral("Look into the token's own documentation for this return value."));
}

bool meansGone(CK_RV value) {
  return value == CKR_USER_NOT_LOGGED_IN || value == CKR_GENERAL_ERROR || value == CKR_FUNCTION_FAILED ||
         pkcs11Error(value, {}).code == ErrorCode::KeyAbsent;
}

Pkcs11Module::~Pkcs11Module() {
  p11_kit_module_finalize(functions_);
  p11_kit_module_release(functions_);
}

Result<std::vector<std::shared_ptr<Pkcs11Module>>> Pkcs11Module::load(const Pkcs11Uri& uri) {
  std::vector<std::shared_ptr<Pkcs11Module>> modules;
  const auto take = [&](CK_FUNCTION_LIST* module) {
    modules.push_back(std::shared_ptr<Pkcs11Module>(new Pkcs11Module(module)));
  };
  if (uri.modulePath) {
    SEALIFT_TRY(CK_FUNCTION_LIST * module, loadFile(*uri.modulePath));
    take(module);
    return modules;
  }
  CK_FUNCTION_LIST** configured = p11_kit_modules_load_and_initialize(0);
  if (configured == nullptr) {
    return cantLoad(QStringLiteral("configuration of this computer"));
  }
  for (CK_FUNCTION_LIST** module = configured; *module != nullptr; ++module) {
    if (!uri.moduleName || hasName(*module, *uri.moduleName)) {
      take(*module);
    } else {
      p11_kit_module_finalize(*module);
      p11_kit_module_release(*module);
    }
  }
  free(configured);
  if (uri.moduleName && modules.empty()) {
    return fail(ErrorCode::KeyAbsent,
                QStringLiteral("No PKCS#11 module with the name \"%1\" is configured.").arg(*uri.moduleName),
                QStringLiteral("See what there is with \"p11-kit list-modules\", or give its file as module-path."));
  }
  return modules;
}

}  // namespace sealift
