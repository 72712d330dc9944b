// A filter: tells of a change after a short pause in typing; Escape clears it.
#pragma once

#include <QLineEdit>
#include <QTimer>

namespace sealift {

class SearchField final : public QLineEdit {
  Q_OBJECT

 public:
  // `pause` in milliseconds; 0 tells of each change at once.
  SearchField(const QString& placeholder, const QString& name, int pause, QWidget* parent = nullptr);

 Q_SIGNALS:
  void searchChanged(const QString& text);

 protected:
  bool event(QEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;

 private:
  QTimer timer_;
};

}  // namespace sealift
