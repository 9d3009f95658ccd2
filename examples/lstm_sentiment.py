# Sentiment classifier: word embeddings, a two-layer LSTM, and the last hidden state.
import torch
import torch.nn as nn

VOCAB_SIZE = 1000
EMBED_DIM = 32
HIDDEN_DIM = 64


class SentimentLSTM(nn.Module):
    def __init__(self, vocab_size, embed_dim, hidden_dim, num_layers=2, num_classes=2):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=0)
        self.lstm = nn.LSTM(
            embed_dim, hidden_dim, num_layers=num_layers, batch_first=True, dropout=0.2
        )
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(hidden_dim, num_classes)

    def forward(self, text):
        embedded = self.embedding(text)
        output, (hidden, cell) = self.lstm(embedded)
        return self.fc(self.dropout(hidden[-1]))


def main():
    model = SentimentLSTM(VOCAB_SIZE, EMBED_DIM, HIDDEN_DIM)
    batch = torch.randint(1, VOCAB_SIZE, (16, 30))
    print(model(batch))


if __name__ == "__main__":
    main()
