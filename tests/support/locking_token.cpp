// A PKCS#11 module for tests: SoftHSM 2 with what it lacks, a PIN that locks itself after three wrong tries and says
// so beforehand, as smart cards do (PKCS#11 2.40, CK_TOKEN_INFO's flags and C_Login).
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

namespace {

constexpr int kTries = 3;
int wrongTries = 0;
CK_FUNCTION_LIST* soft = nullptr;
CK_FUNCTION_LIST ours;

CK_RV getTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  const CK_RV result = soft->C_GetTokenInfo(slot, info);
  if (result == CKR_OK) {
    info->flags &= ~static_cast<CK_FLAGS>(CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
    info->flags |= wrongTries > 0 ? CKF_USER_PIN_COUNT_LOW : 0;
    info->flags |= wrongTries == kTries - 1 ? CKF_USER_PIN_FINAL_TRY : 0;
    info->flags |= wrongTries >= kTries ? CKF_USER_PIN_LOCKED : 0;
  }
  return result;
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
  if (wrongTries >= kTries) {
    return CKR_PIN_LOCKED;
  }
  const CK_RV result = soft->C_Login(session, user, pin, length);
  wrongTries = result == CKR_PIN_INCORRECT ? wrongTries + 1 : result == CKR_OK ? 0 : wrongTries;
  return result;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  if (soft == nullptr) {
    void* library = dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW | RTLD_LOCAL);
    auto* get =
        library != nullptr ? reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList")) : nullptr;
    if (get == nullptr || get(&soft) != CKR_OK) {
      return CKR_GENERAL_ERROR;
    }
    ours = *soft;
    ours.C_GetTokenInfo = getTokenInfo;
    ours.C_Login = login;
  }
  *list = &ours;
  return CKR_OK;
}
