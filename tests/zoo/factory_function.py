# sick: GRD101
import torch
import torch.nn as nn


def fc_block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.Sigmoid())


def create_model(input_dim=30, hidden_dim=64, output_dim=2, num_hidden=12):
    layers = [fc_block(input_dim, hidden_dim)]
    layers.extend(fc_block(hidden_dim, hidden_dim) for _ in range(num_hidden - 1))
    layers.append(nn.Linear(hidden_dim, output_dim))
    return nn.Sequential(*layers)


if __name__ == "__main__":
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = create_model().to(device)
    print(sum(p.numel() for p in model.parameters()))
