#include "ui/dialogs/dialog_frame.h"

#include "app/base/result.h"
#include "ui/style/tokens.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/focus_ring.h"
#include "ui/widgets/text_label.h"

#include <QVBoxLayout>

namespace sealift {

namespace {
constexpr int kDialogWidth = 480;
}

DialogFrame::DialogFrame(const QString& name, const QString& title, const QString& text, QWidget* parent)
    : QDialog(parent) {
  setObjectName(name);
  setWindowTitle(title);
  setAttribute(Qt::WA_DeleteOnClose);
  setMinimumWidth(kDialogWidth);
  setAccessibleName(title);
  setAccessibleDescription(text);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(space::kXl, space::kXl, space::kXl, space::kXl);
  layout->setSpacing(space::kL);
  layout->addWidget(makeWrappedLabel(TextStyle::Title, TextTone::Normal, title));
  if (!text.isEmpty()) {
    auto* label = makeWrappedLabel(TextStyle::Body, TextTone::Muted, text);
    label->setObjectName(name + QLatin1String("Text"));
    layout->addWidget(label);
  }
  body_ = new QVBoxLayout;
  body_->setSpacing(space::kM);
  layout->addLayout(body_, 1);
  error_ = new Banner(name + QLatin1String("Error"));
  error_->hide();
  layout->addWidget(error_);
  buttons_ = new QHBoxLayout;
  buttons_->setSpacing(space::kS);
  buttons_->addStretch(1);
  layout->addLayout(buttons_);
  new FocusRing(this);
}

void DialogFrame::showError(const Error& error) {
  error_->setError(error);
  error_->show();
}

void DialogFrame::hideError() {
  error_->hide();
}

QPushButton* DialogFrame::addButton(const QString& text, const QString& name, ButtonKind kind) {
  QPushButton* button = makeButton(text, name, kind);
  buttons_->addWidget(button);
  return button;
}

}  // namespace sealift
