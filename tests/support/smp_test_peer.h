// A small SMP server for tests of the client, written from Zephyr's documents with its own packet
// handling, and an in-memory network to it that loses, doubles and reorders by a seed.
#pragma once

#include "transports/links/link.h"

#include <QCborArray>
#include <QCborMap>
#include <QCborValue>
#include <QCryptographicHash>
#include <QtEndian>

#include <deque>
#include <functional>
#include <optional>
#include <random>

namespace sealift::test {

struct SmpTestPacket {
  quint8 op = 0;
  quint8 version = 1;
  quint16 group = 0;
  quint8 sequence = 0;
  quint8 command = 0;
  QCborMap body;

  static SmpTestPacket parse(const QByteArray& bytes) {
    SmpTestPacket packet;
    packet.op = static_cast<quint8>(bytes[0]) & 7;
    packet.version = (static_cast<quint8>(bytes[0]) >> 3) & 3;
    packet.group = qFromBigEndian<quint16>(bytes.constData() + 4);
    packet.sequence = static_cast<quint8>(bytes[6]);
    packet.command = static_cast<quint8>(bytes[7]);
    packet.body = QCborValue::fromCbor(bytes.mid(8)).toMap();
    return packet;
  }
  QByteArray reply(const QCborMap& answer) const {
    const QByteArray cbor = answer.toCborValue().toCbor();
    QByteArray bytes(8, '\0');
    bytes[0] = static_cast<char>((version << 3) | (op + 1));
    qToBigEndian(static_cast<quint16>(cbor.size()), bytes.data() + 2);
    qToBigEndian(group, bytes.data() + 4);
    bytes[6] = static_cast<char>(sequence);
    bytes[7] = static_cast<char>(command);
    return bytes + cbor;
  }
};

// The upload state machine of the image management group: writes in order, answers "off", resumes by "sha".
class SmpTestServer {
 public:
  qint64 bufferSize = 512;
  qint64 bufferCount = 4;
  bool tellsMatch = true;
  bool tellsParameters = true;
  QByteArray stored;    // bytes written for the current upload
  QByteArray complete;  // the last complete upload
  int firstChunks = 0;
  int restartAfterChunks = -1;  // forgets the upload once, after so many chunks
  std::function<std::optional<QCborMap>(const SmpTestPacket&)> override_;  // answers in the server's place

  QByteArray answer(const QByteArray& bytes) {
    const SmpTestPacket request = SmpTestPacket::parse(bytes);
    if (override_) {
      if (const auto body = override_(request)) {
        return request.reply(*body);
      }
    }
    if (request.group == 0 && request.command == 0) {
      return request.reply({{QStringLiteral("r"), request.body.value(QStringLiteral("d"))}});
    }
    if (request.group == 0 && request.command == 6 && tellsParameters) {
      return request.reply({{QStringLiteral("buf_size"), bufferSize}, {QStringLiteral("buf_count"), bufferCount}});
    }
    if (request.group == 1 && request.command == 1 && request.op == 2) {
      return request.reply(upload(request.body));
    }
    return request.reply({{QStringLiteral("rc"), 8}});
  }

 private:
  QCborMap upload(const QCborMap& body) {
    const qint64 offset = body.value(QStringLiteral("off")).toInteger(-1);
    const QByteArray data = body.value(QStringLiteral("data")).toByteArray();
    if (offset == 0) {
      const QByteArray sha = body.value(QStringLiteral("sha")).toByteArray();
      if (!active_ || sha != sha_) {
        ++firstChunks;
        active_ = true;
        sha_ = sha;
        length_ = body.value(QStringLiteral("len")).toInteger(-1);
        stored.clear();
      }
    }
    if (active_ && offset == stored.size()) {
      stored += data;
      if (restartAfterChunks > 0 && --restartAfterChunks == 0) {
        active_ = false;
        stored.clear();
      }
    }
    QCborMap answer{{QStringLiteral("off"), active_ ? stored.size() : 0}};
    if (active_ && stored.size() == length_) {
      complete = stored;
      active_ = false;
      stored.clear();
      if (tellsMatch) {
        answer.insert(QStringLiteral("match"), QCryptographicHash::hash(complete, QCryptographicHash::Sha256) == sha_);
      }
    }
    return answer;
  }

  bool active_ = false;
  QByteArray sha_;
  qint64 length_ = 0;
};

struct SmpTestFaults {
  quint32 seed = 1;
  int lossPercent = 0;     // of each direction
  int doublePercent = 0;   // arrives twice
  int reorderPercent = 0;  // is overtaken by the next one
};

// Everything that can arrive has arrived when receive() is called, so an empty queue is a timeout at once: the tests
// take no real time.
class SmpTestLink final : public DatagramLink {
 public:
  explicit SmpTestLink(SmpTestServer& server, const SmpTestFaults& faults = {})
      : server_(server), faults_(faults), random_(faults.seed) {}

  qsizetype sent = 0;
  qsizetype largest = 0;

  Status send(QByteArrayView datagram, const Deadline&, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    ++sent;
    largest = std::max(largest, datagram.size());
    pass(requests_, datagram.toByteArray());
    return {};
  }
  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override {
    SEALIFT_CHECK(cancel.check());
    while (!requests_.empty() && answers_.empty()) {
      const QByteArray request = requests_.front();
      requests_.pop_front();
      pass(answers_, server_.answer(request));
    }
    if (answers_.empty()) {
      return deadline.timeout();
    }
    const QByteArray answer = answers_.front();
    answers_.pop_front();
    return answer;
  }
  qsizetype maxDatagram() const override { return 65507; }
  QString description() const override { return QStringLiteral("test"); }

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  void pass(std::deque<QByteArray>& queue, const QByteArray& packet) {
    if (chance(faults_.lossPercent)) {
      return;
    }
    const bool overtakes = chance(faults_.reorderPercent) && !queue.empty();
    queue.insert(overtakes ? queue.end() - 1 : queue.end(), packet);
    if (chance(faults_.doublePercent)) {
      queue.push_back(packet);
    }
  }

  SmpTestServer& server_;
  SmpTestFaults faults_;
  std::mt19937 random_;
  std::deque<QByteArray> requests_;
  std::deque<QByteArray> answers_;
};

}  // namespace sealift::test
