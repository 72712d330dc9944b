// The stable codes of errors, and what an Error says.
#include "app/base/cancel_token.h"
#include "app/base/error_code.h"
#include "app/base/result.h"

#include <QRegularExpression>
#include <QSet>
#include <QTest>

#include <initializer_list>

using namespace sealift;

namespace {

QList<ErrorCode> allCodes() {
  QList<ErrorCode> codes;
#define X(name, text, remedy) codes << ErrorCode::name;
  SEALIFT_ERROR_CODES(X)
#undef X
  return codes;
}

Result<int> half(int number) {
  if (number % 2 != 0) {
    return fail(ErrorCode::InvalidArgument, QStringLiteral("%1 is odd.").arg(number));
  }
  return number / 2;
}

Result<int> quarter(int number) {
  SEALIFT_TRY(const int once, half(number));
  SEALIFT_TRY(const int twice, half(once));
  return twice;
}

Status checkQuarter(int number) {
  SEALIFT_CHECK(quarter(number));
  return {};
}

}  // namespace

class ErrorTest : public QObject {
  Q_OBJECT

 private Q_SLOTS:
  void namesAreUniqueAndRoundTrip();
  void namesKeepTheirForm();
  void everyCodeHasARemedy();
  void unknownNamesAreNothing();
  void releasedNamesStay();
  void remedyOfTheCodeUnlessSaid();
  void causesAreTold();
  void macrosPassErrorsOn();
  void cancelTokenIsShared();
};

void ErrorTest::namesAreUniqueAndRoundTrip() {
  QSet<QString> names;
  for (const ErrorCode code : allCodes()) {
    const QString name = errorCodeName(code);
    QVERIFY2(!names.contains(name), qUtf8Printable(name));
    names << name;
    QVERIFY2(errorCodeFromName(name) == code, qUtf8Printable(name));
  }
  QVERIFY(names.size() > 50);
}

void ErrorTest::namesKeepTheirForm() {
  const QRegularExpression form(QStringLiteral("\\A[a-z]+(-[a-z]+)*(\\.[a-z]+(-[a-z]+)*)?\\z"));
  for (const ErrorCode code : allCodes()) {
    QVERIFY2(form.match(errorCodeName(code)).hasMatch(), qUtf8Printable(errorCodeName(code)));
  }
}

void ErrorTest::everyCodeHasARemedy() {
  for (const ErrorCode code : allCodes()) {
    QVERIFY2(errorCodeRemedy(code).endsWith(u'.'), qUtf8Printable(errorCodeName(code)));
  }
}

void ErrorTest::unknownNamesAreNothing() {
  for (const char* name : {"", "Cancelled", "cancelled ", "image", "image.", "image.hash-mismatch.", "no.such-code"}) {
    QVERIFY2(!errorCodeFromName(QString::fromLatin1(name)), name);
  }
}

// They stand in audit entries and in scripts.
void ErrorTest::releasedNamesStay() {
  QCOMPARE(errorCodeName(ErrorCode::Cancelled), QStringLiteral("cancelled"));
  QCOMPARE(errorCodeName(ErrorCode::ImageSignatureInvalid), QStringLiteral("image.signature-invalid"));
  QCOMPARE(errorCodeName(ErrorCode::PolicySecurityVersion), QStringLiteral("policy.security-version"));
  QCOMPARE(errorCodeName(ErrorCode::ConsentPlanChanged), QStringLiteral("consent.plan-changed"));
  QCOMPARE(errorCodeName(ErrorCode::TrustRollback), QStringLiteral("trust.rollback"));
  QCOMPARE(errorCodeName(ErrorCode::DeviceDidNotReturn), QStringLiteral("device.did-not-return"));
  QCOMPARE(errorCodeName(ErrorCode::AuditTampered), QStringLiteral("audit.tampered"));
}

void ErrorTest::remedyOfTheCodeUnlessSaid() {
  QCOMPARE(makeError(ErrorCode::Timeout, QStringLiteral("Nothing came.")).remedy, errorCodeRemedy(ErrorCode::Timeout));
  QCOMPARE(makeError(ErrorCode::Timeout, QStringLiteral("Nothing came."), QStringLiteral("Wait.")).remedy,
           QStringLiteral("Wait."));
}

void ErrorTest::causesAreTold() {
  const Error inner = makeError(ErrorCode::FileRead, QStringLiteral("No such file."));
  const Status middle = failBecause(ErrorCode::CryptoKey, QStringLiteral("The key is missing."), inner);
  const Status outer = failBecause(ErrorCode::StoreOpen, QStringLiteral("Nothing opened."), middle.error());
  QCOMPARE(outer.error().code, ErrorCode::StoreOpen);
  QCOMPARE(outer.error().message(),
           QStringLiteral("Nothing opened. (cause: The key is missing.) (cause: No such file.)"));
}

void ErrorTest::macrosPassErrorsOn() {
  QCOMPARE(*quarter(12), 3);
  QCOMPARE(quarter(6).error().what, QStringLiteral("3 is odd."));
  QVERIFY(checkQuarter(8));
  QCOMPARE(checkQuarter(7).error().code, ErrorCode::InvalidArgument);
}

void ErrorTest::cancelTokenIsShared() {
  const CancelToken token;
  const CancelToken copy = token;  // NOLINT(performance-unnecessary-copy-initialization): what is tested
  QVERIFY(copy.check());
  token.cancel();
  QVERIFY(copy.isCancelled());
  QCOMPARE(copy.check().error().code, ErrorCode::Cancelled);
  QVERIFY(CancelToken().check());
}

QTEST_GUILESS_MAIN(ErrorTest)
#include "error_test.moc"
