// Tries one attack. Every attack is published twice: once without its evil step, which must be accepted, and once with
// it, which must be refused under the very code that the table says. The evil step is all that tells the two apart, so
// that no other check stands in its way.
#pragma once

#include "app/base/clock.h"
#include "keystore/tuf/client/client.h"
#include "tests/tuf/tuf_repository.h"

#include <QTemporaryDir>
#include <QtTest>

#include <functional>
#include <memory>
#include <vector>

namespace sealift::tuf {

// A client that trusts root 1 of a repository, at 2026-11-21T12:00:00Z.
struct AttackedClient {
  TestRepository repository;
  ManualClock clock{QDateTime({2026, 11, 21}, {12, 0}, Qt::UTC)};
  QTemporaryDir cache;
  ClientOptions options;
  std::unique_ptr<Client> client;
  std::optional<Error> refusal;  // of the last call that failed

  QString cacheFile(const char* role) const {
    return cache.path() + QLatin1Char('/') + metadataFileName(QString::fromUtf8(role), 0);
  }
  bool start() {
    const bool isPinned =
        keep(Client::pinRoot(cache.path(), repository.files.value(QStringLiteral("metadata/1.root.json"))));
    restart();
    return isPinned;
  }
  // As a program that was closed and opened again.
  void restart() { client = std::make_unique<Client>(cache.path(), repository, clock, options); }

  bool refresh() { return keep(client->refresh({})); }
  // The target is looked for and fetched.
  bool fetch(const char* path) {
    const auto found = client->target(QString::fromUtf8(path), {});
    return keep(found) && keep(client->download(*found, {}));
  }
  template <class T>
  bool keep(const T& result) {
    refusal = result ? std::nullopt : std::optional(result.error());
    return result.has_value();
  }
  QString told() const {
    return refusal ? errorCodeName(refusal->code) + QStringLiteral(": ") + refusal->message() : QString();
  }
};

struct Attack {
  const char* name;    // of its row in README.md and, behind "attack.", in ctest
  ErrorCode expected;  // under which it is refused
  // What is published after a first refresh; the attack when `isEvil`, otherwise the same honestly.
  std::function<void(TestRepository&, bool isEvil)> publish;
  // What is published before.
  std::function<void(TestRepository&)> prepare = [](TestRepository&) {};
  // What the client does then; a refresh where there is nothing.
  std::function<bool(AttackedClient&)> act = [](AttackedClient& c) { return c.refresh(); };
};

inline void tryAttack(const Attack& attack) {
  for (const bool isEvil : {false, true}) {
    AttackedClient attacked;
    attack.prepare(attacked.repository);
    attacked.repository.putAll();
    QVERIFY2(attacked.start(), qPrintable(attacked.told()));
    QVERIFY2(attacked.refresh(), qPrintable(attacked.told()));
    const TrustSummary before = attacked.client->summary();
    attack.publish(attacked.repository, isEvil);
    const bool isAccepted = attack.act(attacked);
    if (!isEvil) {
      QVERIFY2(isAccepted, qPrintable(QStringLiteral("without the attack: ") + attacked.told()));
      continue;
    }
    QVERIFY2(!isAccepted, "the attack was not noticed");
    QVERIFY2(attacked.refusal->code == attack.expected, qPrintable(attacked.told()));
    QVERIFY2(!attacked.refusal->what.isEmpty() && !attacked.refusal->remedy.isEmpty(), "a refusal says what to do");
    // What was trusted stays so, and a program that starts anew refuses it all the same.
    for (const RoleSummary& role : before.roles) {
      const QList<RoleSummary> now = attacked.client->summary().roles;
      const auto same = std::find_if(now.begin(), now.end(), [&](const auto& r) { return r.name == role.name; });
      QVERIFY2(same != now.end() && same->version >= role.version, qPrintable(role.name));
    }
    attacked.restart();
    const bool isAcceptedLater = attacked.refresh() && attack.act(attacked);
    QVERIFY2(!isAcceptedLater, "the attack was accepted after a restart");
    QVERIFY2(attacked.refusal->code == attack.expected, qPrintable(attacked.told()));
  }
}

}  // namespace sealift::tuf

// The two functions of a test class that tries a table of attacks.
#define SEALIFT_TRY_ATTACKS(attacks)                                        \
  void refuses_data() {                                                     \
    QTest::addColumn<int>("index");                                         \
    for (std::size_t i = 0; i < (attacks).size(); ++i) {                    \
      QTest::newRow((attacks).at(i).name) << static_cast<int>(i);           \
    }                                                                       \
  }                                                                         \
  void refuses() {                                                          \
    QFETCH(const int, index);                                               \
    sealift::tuf::tryAttack((attacks).at(static_cast<std::size_t>(index))); \
  }
