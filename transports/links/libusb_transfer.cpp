#include "transports/links/libusb_transfer.h"

#include <QDeadlineTimer>

#include <algorithm>
#include <utility>

namespace sealift {

namespace {

constexpr int kSliceMs = 50;          // how soon a cancel is noticed
constexpr int kTakeBackMs = 5'000;    // for the system to give a transfer back; it takes no time worth naming
constexpr unsigned int kForever = 0;  // the deadline is ours, not libusb's

}  // namespace

LibusbTransfer::State::~State() {
  libusb_free_transfer(raw);
}

LibusbTransfer::LibusbTransfer(libusb_device_handle* handle, Type type, quint8 endpoint, const QByteArray& buffer)
    : state_(std::make_unique<State>(libusb_alloc_transfer(0))) {
  state_->buffer = buffer;
  if (state_->raw == nullptr) {
    return;
  }
  auto* bytes = reinterpret_cast<unsigned char*>(state_->buffer.data());
  if (type == Type::Control) {
    libusb_fill_control_transfer(state_->raw, handle, bytes, &LibusbTransfer::onCompleted, state_.get(), kForever);
  } else {
    libusb_fill_bulk_transfer(state_->raw, handle, endpoint, bytes, static_cast<int>(buffer.size()),
                              &LibusbTransfer::onCompleted, state_.get(), kForever);
  }
}

void LibusbTransfer::onCompleted(libusb_transfer* raw) {
  static_cast<State*>(raw->user_data)->completed = 1;
}

int LibusbTransfer::submit() {
  const int status = state_->raw == nullptr ? LIBUSB_ERROR_NO_MEM : libusb_submit_transfer(state_->raw);
  state_->submitted = status == 0;
  return status;
}

QByteArray LibusbTransfer::received() const {
  const qsizetype begin = state_->raw->type == LIBUSB_TRANSFER_TYPE_CONTROL ? LIBUSB_CONTROL_SETUP_SIZE : 0;
  return state_->buffer.mid(begin, state_->raw->actual_length);
}

int LibusbTransfers::begin(LibusbTransfer::Type type, quint8 endpoint, const QByteArray& buffer) {
  LibusbTransfer transfer(handle_, type, endpoint, buffer);
  const int status = transfer.submit();
  if (status == 0) {
    transfers_.push_back(std::move(transfer));
  }
  return status;
}

void LibusbTransfers::handleEvents(int milliseconds, int* completed) {
  timeval time{};
  time.tv_usec = milliseconds * 1000;
  (void)libusb_handle_events_timeout_completed(context_, &time, completed);
}

void LibusbTransfers::pause(const Deadline& deadline) {
  handleEvents(std::max(deadline.sliceMs(kSliceMs), 1), nullptr);
}

Result<LibusbTransfer> LibusbTransfers::next(const Deadline& deadline, const CancelToken& cancel) {
  while (transfers_.front().isUnderWay()) {
    if (cancel.isCancelled() || deadline.passed()) {
      takeBack();
      SEALIFT_CHECK(cancel.check());
      return deadline.timeout();
    }
    handleEvents(std::max(deadline.sliceMs(kSliceMs), 1), &transfers_.front().state_->completed);
  }
  LibusbTransfer done = std::move(transfers_.front());
  transfers_.erase(transfers_.begin());
  return done;
}

bool LibusbTransfers::takeBack() {
  // The last first: none may slip in where an earlier one went.
  for (std::size_t i = transfers_.size(); i-- > 0;) {
    if (transfers_[i].isUnderWay()) {
      (void)libusb_cancel_transfer(transfers_[i].state_->raw);
    }
  }
  const QDeadlineTimer deadline(kTakeBackMs);
  for (LibusbTransfer& transfer : transfers_) {
    while (transfer.isUnderWay() && !deadline.hasExpired()) {
      handleEvents(kSliceMs, &transfer.state_->completed);
    }
    if (transfer.isUnderWay()) {
      stuck_ = true;
      (void)transfer.state_.release();  // the system may still write to it
    }
  }
  transfers_.clear();
  return !stuck_;
}

}  // namespace sealift
