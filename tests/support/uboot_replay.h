// Sessions of a real U-Boot's console, recorded and played again. What is drawn anew each time (the console's markers,
// the name under which TFTP serves) is put in the place of what was drawn when it was recorded.
#pragma once

#include "tests/support/tftp_reader.h"
#include "transports/links/link_opener.h"
#include "transports/links/link_recording.h"
#include "transports/links/recording_link.h"

#include <QRegularExpression>
#include <QThread>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

namespace sealift::test {

// A byte link of one's own that is recorded; `recording` outlives it. Several links make one recording.
class RecordedLink final : public ByteLink {
 public:
  RecordedLink(std::unique_ptr<ByteLink> inner, QByteArray* recording)
      : inner_(std::move(inner)), link_(*inner_, [recording](const QByteArray& line) {
          if (recording->isEmpty() || !line.startsWith("sealift-recording")) {
            recording->append(line);
          }
        }) {}
  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
    return link_.read(maxBytes, deadline, cancel);
  }
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
    return link_.write(bytes, deadline, cancel);
  }
  Status discardInput() override { return link_.discardInput(); }
  QString description() const override { return link_.description(); }

 private:
  std::unique_ptr<ByteLink> inner_;
  RecordingByteLink link_;
};

class UbootReplay final : public LinkOpener {
 public:
  explicit UbootReplay(const QByteArray& recording) {
    // Checked as every recording is; the steps are kept apart here, since their bytes are changed while they are
    // played.
    if (const auto script = scriptFromRecording(recording, RecordingKind::Bytes); !script) {
      problem_ = script.error().what;
      return;
    }
    for (const QByteArray& line : recording.split('\n')) {
      if (line.startsWith('<') || line.startsWith('>')) {
        const QByteArray bytes = QByteArray::fromHex(line.mid(1).replace(' ', QByteArray()));
        QByteArray& all = line.startsWith('<') ? came_ : went_;
        steps_.push_back({line.startsWith('<'), all.size(), bytes.size()});
        all += bytes;
      }
    }
    // In the order in which they were typed first.
    recorded_ = drawnIn(went_);
  }

  // Empty when all of the recording was played, and nothing else was sent.
  QString problem() const {
    return problem_.isEmpty() && !steps_.empty() ? QStringLiteral("The recording goes on.") : problem_;
  }

  Result<std::unique_ptr<ByteLink>> openBytes(const LinkAddress&, const CancelToken&) override {
    return std::make_unique<Console>(*this);
  }
  Result<std::unique_ptr<DatagramLink>> openDatagrams(const LinkAddress& address, const CancelToken&) override {
    return fail(ErrorCode::NotSupported, address.toString());
  }
  Result<std::unique_ptr<DatagramPort>> openPort(const LinkAddress& peer, const QHostAddress&, quint16 port,
                                                 const CancelToken&) override {
    return std::make_unique<Port>(*this, QHostAddress(peer.target), port);
  }

 private:
  struct Step {
    bool isRead;
    qsizetype at;  // in came_ or went_
    qsizetype size;
  };

  static QList<QByteArray> drawnIn(const QByteArray& bytes) {
    static const QRegularExpression drawn(QStringLiteral("SL[0-9a-f]{16}|sealift-[0-9a-f]{32}"));
    QList<QByteArray> words;
    auto matches = drawn.globalMatch(QString::fromLatin1(bytes));
    while (matches.hasNext()) {
      const QByteArray word = matches.next().captured().toLatin1();
      if (!words.contains(word)) {
        words << word;
      }
    }
    return words;
  }

  // They are of one length, so that nothing moves.
  void putInPlace(const QByteArray& sent) {
    for (const QByteArray& word : drawnIn(sent)) {
      if (!now_.contains(word) && now_.size() < recorded_.size()) {
        came_.replace(recorded_[now_.size()], word);
        went_.replace(recorded_[now_.size()], word);
        now_ << word;
      }
    }
  }

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline) {
    if (steps_.empty() || !steps_.front().isRead) {
      return deadline.timeout();  // at once: nothing of a recording waits
    }
    Step& step = steps_.front();
    const QByteArray bytes = came_.mid(step.at, std::min(step.size, maxBytes));
    step.at += bytes.size();
    step.size -= bytes.size();
    if (step.size == 0) {
      steps_.pop_front();
    }
    return bytes;
  }

  Status write(QByteArrayView bytes) {
    while (!bytes.isEmpty()) {
      const bool due = !steps_.empty() && !steps_.front().isRead;
      const qsizetype count = due ? std::min(steps_.front().size, bytes.size()) : 0;
      if (!due || QByteArrayView(went_).sliced(steps_.front().at, count) != bytes.first(count)) {
        if (problem_.isEmpty()) {
          problem_ = QStringLiteral("The recording did not expect \"%1\", with %2 steps to come.")
                         .arg(QString::fromLatin1(bytes.first(std::min<qsizetype>(bytes.size(), 80)).toByteArray()))
                         .arg(steps_.size());
        }
        return fail(ErrorCode::ProtocolUnexpected, problem_);
      }
      bytes = bytes.sliced(count);
      steps_.front().at += count;
      steps_.front().size -= count;
      if (steps_.front().size == 0) {
        steps_.pop_front();
      }
    }
    return {};
  }

  class Console final : public ByteLink {
   public:
    explicit Console(UbootReplay& owner) : owner_(owner) {}
    Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override {
      SEALIFT_CHECK(cancel.check());
      return owner_.read(maxBytes, deadline);
    }
    Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override {
      SEALIFT_CHECK(cancel.check());
      const QByteArray sent = bytes.toByteArray();
      owner_.putInPlace(sent);
      SEALIFT_CHECK(owner_.write(bytes));
      const qsizetype name = sent.indexOf("sealift-");
      return name < 0 ? Status() : owner_.askByTftp(sent.mid(name, 40), deadline);
    }
    Status discardInput() override { return {}; }  // what was thrown away was not recorded
    QString description() const override { return QStringLiteral("recorded console"); }

   private:
    UbootReplay& owner_;
  };

  // The network's side: the device asks for the file once, and its transfer is told on the console.
  class Port final : public DatagramPort {
   public:
    Port(UbootReplay& owner, const QHostAddress& peer, quint16 number) : owner_(owner), peer_(peer), number_(number) {}
    Result<Datagram> receive(const Deadline& deadline, const CancelToken& cancel) override {
      while (!deadline.passed()) {
        SEALIFT_CHECK(cancel.check());
        const std::scoped_lock lock(owner_.mutex_);
        if (number_ != 0 && !owner_.asked_.isEmpty()) {
          return Datagram{{peer_, 2000}, tftpRequest(1, std::exchange(owner_.asked_, {}))};
        }
        QThread::msleep(1);
      }
      return deadline.timeout();
    }
    Status send(const DatagramPeer&, QByteArrayView) override {
      owner_.answered_ = true;
      return {};
    }
    quint16 number() const override { return number_; }

   private:
    UbootReplay& owner_;
    QHostAddress peer_;
    quint16 number_;
  };

  Status askByTftp(const QByteArray& name, const Deadline& deadline) {
    {
      const std::scoped_lock lock(mutex_);
      asked_ = name;
    }
    while (!answered_) {
      if (deadline.passed()) {
        return deadline.timeout();
      }
      QThread::msleep(1);
    }
    return {};
  }

  std::deque<Step> steps_;
  QByteArray came_;
  QByteArray went_;
  QString problem_;
  QList<QByteArray> recorded_;  // the words that were drawn then
  QList<QByteArray> now_;       // and those that were drawn in their place
  std::mutex mutex_;
  QByteArray asked_;
  std::atomic<bool> answered_ = false;
};

}  // namespace sealift::test
