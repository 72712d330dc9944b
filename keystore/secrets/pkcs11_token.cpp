#include "keystore/secrets/pkcs11_token.h"

#include "keystore/secrets/pin_dialog.h"

#include <QStringList>

namespace sealift {

namespace {

constexpr CK_ULONG kMostSlots = 1024;
constexpr CK_ULONG kMostMechanisms = 4096;

// PKCS#11 2.40, 3.2: fixed fields of UTF-8, padded with blanks, not ended by a NUL.
template <std::size_t N>
QString fieldText(const unsigned char (&field)[N]) {
  QString text = QString::fromUtf8(reinterpret_cast<const char*>(field), static_cast<qsizetype>(N));
  while (text.endsWith(u' ') || text.endsWith(QChar(u'\0'))) {
    text.chop(1);
  }
  return text;
}

bool matches(const std::optional<QString>& wanted, const QString& actual) {
  return !wanted || *wanted == actual;
}

bool matchesLibrary(const Pkcs11Uri& uri, const Pkcs11Module& module) {
  if (!uri.libraryManufacturer && !uri.libraryDescription && !uri.libraryVersion) {
    return true;
  }
  CK_INFO info{};
  return module->C_GetInfo(&info) == CKR_OK && matches(uri.libraryManufacturer, fieldText(info.manufacturerID)) &&
         matches(uri.libraryDescription, fieldText(info.libraryDescription)) &&
         (!uri.libraryVersion ||
          *uri.libraryVersion == Pkcs11Version{info.libraryVersion.major, info.libraryVersion.minor});
}

bool matchesSlot(const Pkcs11Uri& uri, const Pkcs11Module& module, CK_SLOT_ID slot) {
  CK_SLOT_INFO info{};
  return (!uri.slotId || *uri.slotId == slot) && module->C_GetSlotInfo(slot, &info) == CKR_OK &&
         matches(uri.slotManufacturer, fieldText(info.manufacturerID)) &&
         matches(uri.slotDescription, fieldText(info.slotDescription));
}

bool matchesToken(const Pkcs11Uri& uri, const Pkcs11Token& token) {
  return matches(uri.token, token.label) && matches(uri.manufacturer, token.manufacturer) &&
         matches(uri.model, token.model) && matches(uri.serial, token.serial);
}

// Lists of certificates are tokens, too (p11-kit's trust module); they can't sign.
bool canSign(const Pkcs11Module& module, CK_SLOT_ID slot) {
  CK_ULONG count = 0;
  if (module->C_GetMechanismList(slot, nullptr, &count) != CKR_OK || count == 0 || count > kMostMechanisms) {
    return false;
  }
  std::vector<CK_MECHANISM_TYPE> mechanisms(count);
  if (module->C_GetMechanismList(slot, mechanisms.data(), &count) != CKR_OK) {
    return false;
  }
  mechanisms.resize(std::min<std::size_t>(count, mechanisms.size()));
  return std::any_of(mechanisms.begin(), mechanisms.end(), [&](CK_MECHANISM_TYPE type) {
    CK_MECHANISM_INFO info{};
    return module->C_GetMechanismInfo(slot, type, &info) == CKR_OK && (info.flags & CKF_SIGN) != 0;
  });
}

std::optional<Pkcs11Token> readToken(const std::shared_ptr<Pkcs11Module>& module, CK_SLOT_ID slot) {
  CK_TOKEN_INFO info{};
  if ((*module)->C_GetTokenInfo(slot, &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
      !canSign(*module, slot)) {
    return std::nullopt;
  }
  return Pkcs11Token{module,
                     slot,
                     fieldText(info.label),
                     fieldText(info.manufacturerID),
                     fieldText(info.model),
                     fieldText(info.serialNumber),
                     info.flags};
}

std::vector<CK_SLOT_ID> slotsOf(const Pkcs11Module& module) {
  CK_ULONG count = 0;
  if (module->C_GetSlotList(CK_TRUE, nullptr, &count) != CKR_OK || count == 0 || count > kMostSlots) {
    return {};
  }
  std::vector<CK_SLOT_ID> slots(count);
  if (module->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) {
    return {};
  }
  slots.resize(std::min<std::size_t>(count, slots.size()));
  return slots;
}

QString listOf(const std::vector<Pkcs11Token>& tokens) {
  QStringList lines;
  for (const Pkcs11Token& token : tokens) {
    lines << token.uri().toString();
  }
  return lines.join(QStringLiteral(", "));
}

}  // namespace

QString Pkcs11Token::name() const {
  return QStringLiteral("the token \"%1\" (%2, serial %3)").arg(label, model, serial);
}

Pkcs11Uri Pkcs11Token::uri() const {
  Pkcs11Uri uri;
  uri.token = label;
  uri.manufacturer = manufacturer;
  uri.model = model;
  uri.serial = serial;
  return uri;
}

Result<Pkcs11Token> findToken(const Pkcs11Uri& uri) {
  SEALIFT_TRY(const auto modules, Pkcs11Module::load(uri));
  std::vector<Pkcs11Token> present;
  std::vector<Pkcs11Token> matching;
  for (const std::shared_ptr<Pkcs11Module>& module : modules) {
    for (const CK_SLOT_ID slot : slotsOf(*module)) {
      const std::optional<Pkcs11Token> token = readToken(module, slot);
      if (!token) {
        continue;
      }
      present.push_back(*token);
      if (matchesLibrary(uri, *module) && matchesSlot(uri, *module, slot) && matchesToken(uri, *token)) {
        matching.push_back(*token);
      }
    }
  }
  if (matching.empty()) {
    return fail(ErrorCode::KeyAbsent,
                QStringLiteral("No token matches %1; %2.")
                    .arg(uri.toString(), present.empty() ? QStringLiteral("there is none at all")
                                                         : QStringLiteral("there are: ") + listOf(present)));
  }
  if (matching.size() > 1) {
    return fail(ErrorCode::InvalidArgument,
                QStringLiteral("%1 tokens match %2: %3.").arg(matching.size()).arg(uri.toString(), listOf(matching)),
                QStringLiteral("Add what tells them apart to the address, e.g. serial=…"));
  }
  return matching.front();
}

Result<Pkcs11Session> Pkcs11Session::open(const Pkcs11Token& token, Access access) {
  CK_SESSION_HANDLE handle = 0;
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (access == Access::ReadWrite ? CKF_RW_SESSION : 0);
  const CK_RV opened = (*token.module)->C_OpenSession(token.slot, flags, nullptr, nullptr, &handle);
  if (opened != CKR_OK) {
    return fail(pkcs11Error(opened, QStringLiteral("Opening ") + token.name()));
  }
  return Pkcs11Session(token, handle);
}

bool Pkcs11Session::isLoggedIn() const {
  CK_SESSION_INFO info{};
  return functions()->C_GetSessionInfo(handle_, &info) == CKR_OK &&
         (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

// The token tells by flags, not by a number (PKCS#11 2.40, CK_TOKEN_INFO).
void Pkcs11Session::readTries(PinRequest& request) {
  CK_TOKEN_INFO info{};
  if (functions()->C_GetTokenInfo(token_.slot, &info) != CKR_OK) {
    return;
  }
  token_.flags = info.flags;
  request.fewTriesLeft = (info.flags & CKF_USER_PIN_COUNT_LOW) != 0;
  request.triesLeft = (info.flags & CKF_USER_PIN_FINAL_TRY) != 0 ? std::optional(1) : std::nullopt;
}

Status Pkcs11Session::tryPin(CK_USER_TYPE user, const SecretBytes& pin, PinRequest& request) {
  // C_Login takes a pointer that is not const, and writes nothing there.
  auto* text = reinterpret_cast<CK_UTF8CHAR_PTR>(const_cast<char*>(pin.view().data()));
  const bool atToken = (token_.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
  const CK_RV result = atToken ? functions()->C_Login(handle_, user, nullptr, 0)
                               : functions()->C_Login(handle_, user, text, static_cast<CK_ULONG>(pin.size()));
  if (result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN) {
    return {};
  }
  Error error = pkcs11Error(result, QStringLiteral("Logging in to ") + request.keeper);
  if (error.code == ErrorCode::KeyPin) {
    readTries(request);
    if ((token_.flags & CKF_USER_PIN_LOCKED) != 0) {
      error = pkcs11Error(CKR_PIN_LOCKED, QStringLiteral("Logging in to ") + request.keeper);
    } else if (request.triesLeft) {
      error.what += QStringLiteral(" One try is left before it locks itself.");
    } else if (request.fewTriesLeft) {
      error.what += QStringLiteral(" The token says that few tries are left.");
    }
  }
  return fail(error);
}

Status Pkcs11Session::authenticate(CK_USER_TYPE user, const Pkcs11Uri& uri, PinSource& pins) {
  PinRequest request{.kind = PinKind::TokenPin, .keeper = token_.name()};
  readTries(request);
  if ((token_.flags & CKF_USER_PIN_LOCKED) != 0) {
    return fail(pkcs11Error(CKR_PIN_LOCKED, QStringLiteral("Logging in to ") + request.keeper));
  }
  const auto attempt = [&](const SecretBytes& pin) { return tryPin(user, pin, request); };
  if ((token_.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0) {
    return attempt(SecretBytes());  // its own keypad asks
  }
  if (uri.pinValue) {
    FixedPinSource fixed(*uri.pinValue);
    return askUntilRight<void>(fixed, request, attempt);
  }
  if (uri.pinSource) {
    FilePinSource file(*uri.pinSource);
    return askUntilRight<void>(file, request, attempt);
  }
  return askUntilRight<void>(pins, request, attempt);
}

Status Pkcs11Session::logIn(const Pkcs11Uri& uri, PinSource& pins) {
  if ((token_.flags & CKF_LOGIN_REQUIRED) == 0 || isLoggedIn()) {
    return {};
  }
  return authenticate(CKU_USER, uri, pins);
}

Status Pkcs11Session::logInForSignature(const Pkcs11Uri& uri, PinSource& pins) {
  return authenticate(CKU_CONTEXT_SPECIFIC, uri, pins);
}

Pkcs11Session::Pkcs11Session(Pkcs11Session&& other) noexcept
    : token_(std::move(other.token_)), handle_(other.handle_), open_(std::exchange(other.open_, false)) {}

Pkcs11Session& Pkcs11Session::operator=(Pkcs11Session&& other) noexcept {
  std::swap(token_, other.token_);
  std::swap(handle_, other.handle_);
  std::swap(open_, other.open_);
  return *this;
}

Pkcs11Session::~Pkcs11Session() {
  if (open_) {
    (void)functions()->C_CloseSession(handle_);
  }
}

}  // namespace sealift
