// A token in its slot, found by a URI, and a session with it. Internal to this folder; one thread at a time.
#pragma once

#include "keystore/secrets/pin_source.h"
#include "keystore/secrets/pkcs11_module.h"

namespace sealift {

struct Pkcs11Token {
  std::shared_ptr<Pkcs11Module> module;
  CK_SLOT_ID slot = 0;
  QString label;
  QString manufacturer;
  QString model;
  QString serial;
  CK_FLAGS flags = 0;

  QString name() const;  // the token "fw" (SoftHSM v2, serial 2e816bc8a58db897)
  Pkcs11Uri uri() const;
};

// The one token that matches. KeyAbsent when there is none, InvalidArgument when several match; both list tokens.
Result<Pkcs11Token> findToken(const Pkcs11Uri& uri);

class Pkcs11Session {
 public:
  enum class Access { ReadOnly, ReadWrite };
  static Result<Pkcs11Session> open(const Pkcs11Token& token, Access access);

  // As the token's user. The PIN comes from the URI when it names one, otherwise from `pins`. KeyPin, KeyLocked.
  Status logIn(const Pkcs11Uri& uri, PinSource& pins);
  // For keys with CKA_ALWAYS_AUTHENTICATE: once more for the signature that was begun (PKCS#11 2.40, C_Login).
  Status logInForSignature(const Pkcs11Uri& uri, PinSource& pins);

  const Pkcs11Token& token() const { return token_; }
  CK_FUNCTION_LIST* functions() const { return token_.module->operator->(); }
  CK_SESSION_HANDLE handle() const { return handle_; }

  Pkcs11Session(Pkcs11Session&& other) noexcept;
  Pkcs11Session& operator=(Pkcs11Session&& other) noexcept;
  Pkcs11Session(const Pkcs11Session&) = delete;
  Pkcs11Session& operator=(const Pkcs11Session&) = delete;
  ~Pkcs11Session();

 private:
  Pkcs11Session(Pkcs11Token token, CK_SESSION_HANDLE handle) : token_(std::move(token)), handle_(handle) {}
  Status authenticate(CK_USER_TYPE user, const Pkcs11Uri& uri, PinSource& pins);
  Status tryPin(CK_USER_TYPE user, const SecretBytes& pin, PinRequest& request);
  void readTries(PinRequest& request);
  bool isLoggedIn() const;

  Pkcs11Token token_;
  CK_SESSION_HANDLE handle_ = 0;
  bool open_ = true;
};

}  // namespace sealift
