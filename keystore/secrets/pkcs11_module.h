// PKCS#11 modules, loaded and initialised through p11-kit, so that several users in one process don't end each
// other's sessions. Internal to this folder.
#pragma once

#include "keystore/secrets/pkcs11_uri.h"

#include <memory>
#include <p11-kit/p11-kit.h>
#include <vector>

namespace sealift {

class Pkcs11Module {
 public:
  // The module of the URI's module-path or module-name, or all that this computer has configured for p11-kit.
  // InvalidArgument or KeyAbsent when a named one can't be loaded. An unnamed one that can't is left out.
  static Result<std::vector<std::shared_ptr<Pkcs11Module>>> load(const Pkcs11Uri& uri);

  ~Pkcs11Module();
  Pkcs11Module(const Pkcs11Module&) = delete;
  Pkcs11Module& operator=(const Pkcs11Module&) = delete;

  CK_FUNCTION_LIST* operator->() const { return functions_; }

 private:
  explicit Pkcs11Module(CK_FUNCTION_LIST* functions) : functions_(functions) {}
  CK_FUNCTION_LIST* functions_;
};

// What a return value means to people. `doing`: "signing with the key \"a\" in the token \"fw\"".
Error pkcs11Error(CK_RV value, const QString& doing);
// The token, its session or its objects are not there any more.
bool meansGone(CK_RV value);

}  // namespace sealift
